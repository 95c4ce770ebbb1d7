//! What must hold between two ends of the protocol, one scenario per file.

#![cfg(test)]

mod asking;
mod support;

mod a_card_never_leaves_before_the_password_is_proved;
mod a_changed_request_or_acceptance_never_pairs;
mod a_flipped_bit_never_pairs;
mod a_packet_fills_whole_cells;
mod a_relay_between_two_tls_sessions_never_pairs;
mod a_strangers_bytes_are_bounded;
mod a_wrong_password_is_told_to_both;
mod an_acceptance_belongs_to_one_request;
mod formats_of_requests_stay_as_they_are;
mod formats_stay_as_they_are;
mod frames_out_of_turn_are_refused;
mod requests_are_read_strictly;
mod two_who_know_the_password_can_talk;
mod who_asked_and_was_accepted_can_talk;
