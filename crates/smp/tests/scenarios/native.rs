//! What holds in the native use alone: its bytes, its sizes, its words.

mod a_lying_peer_is_found_out;
mod a_message_out_of_turn_ends_the_run;
mod a_run_can_be_aborted_anywhere;
mod equal_secrets_match_and_others_do_not;
mod every_message_has_one_size;
mod garbage_never_panics;
mod nothing_secret_is_shown_in_debug;
mod run;
mod the_transcript_is_the_golden_one;
