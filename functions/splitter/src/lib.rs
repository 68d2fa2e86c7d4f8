//! An event of many items becomes messages of one item each; whoever gets a message handles its item. The run log sees to it
//! that each item is done once, whatever is delivered twice or ended in the middle.

pub mod enqueue;
pub mod event;
mod item;
pub mod origin;
mod python_literal;
mod reply;
pub mod sender;
mod split;
pub mod worker;
