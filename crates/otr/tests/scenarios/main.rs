//! Sessions from outside: one scenario each file.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails its test")]

/// Random runs of version 4, whose primitives take longer; the tier `long` makes more of them.
const CASES_OF_VERSION_4: u32 = 6;

mod any_order_of_lines_keeps_the_promises;
mod any_order_of_lines_keeps_the_promises_of_version_4;
mod common;
mod keys_are_stored_in_one_form;
mod nothing_slips_out_in_the_clear;
mod offers_are_answered_as_the_policy_says;
mod offline_clients_are_written_to;
mod refused_lines_change_nothing;
mod secrets_are_compared_in_private;
mod version_4_is_spoken_where_both_allow_it;
