//! The random scenarios of version 4, many times over.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails its test")]

/// Each takes half a second.
const CASES_OF_VERSION_4: u32 = 40;

#[path = "scenarios/any_order_of_lines_keeps_the_promises_of_version_4.rs"]
mod any_order_of_lines_keeps_the_promises_of_version_4;
#[expect(dead_code, reason = "other scenarios have their helpers there, too")]
#[path = "scenarios/common.rs"]
mod common;
#[path = "scenarios/refused_lines_change_nothing.rs"]
mod refused_lines_change_nothing;
