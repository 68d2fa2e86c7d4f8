//! One program for all of the planner's tests of whole archives, since each links all that they need.

mod properties;
mod readers;
mod support;
