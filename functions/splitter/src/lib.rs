//! An event of many items becomes messages of one item each; who gets a message handles its item. A log of the run sees to it
//! that each item is done once, whatever comes twice or is ended in the middle.

pub mod enqueue;
pub mod event;
mod item;
pub mod reply;
mod repr;
mod split;
pub mod worker;
