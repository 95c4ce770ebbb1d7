//! What holds in every use of the protocol (native, OTR version 3, OTR version 4), and in `native` what holds in that
//! one alone. One scenario in each file, one program for all.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own helpers may fail its way")]

mod native;
mod support;

mod a_lying_peer_is_found_out;
mod a_run_can_be_aborted_anywhere;
mod bytes_of_any_kind_are_refused;
mod equal_secrets_match_and_others_do_not;
mod messages_out_of_turn_end_the_run;
mod otr4_scalars_are_reduced;
mod questions_arrive_or_are_refused;
mod the_run_is_the_one_of_the_vectors;
