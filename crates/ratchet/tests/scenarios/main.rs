//! What two ends of a session can rely on: one scenario per file, one program for all.

mod ends;
mod packets_arrive_in_any_order;
