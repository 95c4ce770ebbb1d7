//! What two ends of a session can rely on: one scenario per file, one program for all.
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod a_changed_stream_is_found_out;
mod a_forged_repair_is_refused;
mod a_plain_model_agrees;
mod a_repair_gives_both_ends_one_session;
mod a_rolled_back_state_repeats_no_key;
mod a_sealed_packet_finds_its_conversation;
mod a_state_is_written_without_growing;
mod a_stored_session_is_read_strictly;
mod a_thief_of_the_state;
mod bounds_hold;
mod chunks_are_done_in_any_order;
mod crossing_repairs_meet;
mod ends;
mod epochs_pass;
mod every_interleaving_reads_each_packet_once;
mod golden;
mod keys_change_with_every_turn;
mod no_packet_needs_the_heap;
mod only_ml_kem_heals;
mod only_the_same_handshake_speaks_the_same;
mod own_and_old_sealed_packets_match_nothing;
mod packets_arrive_in_any_order;
mod packets_look_like_noise;
mod refused_packets_change_nothing;
mod repairs;
mod sealed_ends;
mod sealed_packets_look_like_noise;
mod second;
mod streams;
mod streams_of_any_length_come_back;
mod the_formats_of_version_1;
mod the_repair_page_is_enough;
mod the_sealed_page_is_enough;
mod the_specification_is_enough;
mod the_streams_page_is_enough;
