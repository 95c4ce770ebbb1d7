//! Sessions from outside: one scenario each file.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails its test")]

mod any_order_of_lines_keeps_the_promises;
mod common;
mod keys_are_stored_in_one_form;
mod nothing_slips_out_in_the_clear;
mod offers_are_answered_as_the_policy_says;
mod refused_lines_change_nothing;
mod secrets_are_compared_in_private;
