//! What two ends of a session can rely on: one scenario per file, one program for all.
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod a_plain_model_agrees;
mod a_rolled_back_state_repeats_no_key;
mod a_stored_session_is_read_strictly;
mod a_thief_of_the_state;
mod bounds_hold;
mod ends;
mod epochs_pass;
mod every_interleaving_reads_each_packet_once;
mod keys_change_with_every_turn;
mod no_packet_needs_the_heap;
mod only_ml_kem_heals;
mod only_the_same_handshake_speaks_the_same;
mod packets_arrive_in_any_order;
mod packets_look_like_noise;
mod refused_packets_change_nothing;
mod second;
mod the_formats_of_version_1;
mod the_specification_is_enough;
