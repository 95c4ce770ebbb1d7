//! Onion services over the private Tor network, one scenario per file.
//!
//! `cargo xtask test tor` starts the network and names it in the environment; without it these tests
//! fail.
#![expect(clippy::expect_used, clippy::panic, reason = "what fails in a helper fails its test")]

mod a_restricted_service_wants_the_right_key;
mod a_service_answers_until_it_is_dropped;
mod an_address_never_published_is_not_found;
mod support;
mod twenty_services_run_at_once;
