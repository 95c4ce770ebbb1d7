//! The full screen as it is seen: keys and events in, pictures and commands out.

#[cfg(test)]
mod a_check_can_be_called_off;
#[cfg(test)]
mod a_check_in_an_open_conversation_takes_no_keys_away;
#[cfg(test)]
mod a_conversation_is_scrolled_and_ends_from_either_side;
#[cfg(test)]
mod a_failed_check_leaves_or_stays_in_red;
#[cfg(test)]
mod a_malformed_code_is_said_while_it_is_typed;
#[cfg(test)]
mod a_meeting_that_fails_says_why_and_offers_another_code;
#[cfg(test)]
mod a_profile_locks_and_says_nothing_more;
#[cfg(test)]
mod a_stranger_finds_the_way_from_the_start_screen;
#[cfg(test)]
mod after_failures_a_word_is_typed;
#[cfg(test)]
mod an_answer_under_way_answers_nothing_else;
#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;
#[cfg(test)]
mod every_size_and_no_colour_can_be_read;
#[cfg(test)]
mod hostile_texts_stay_where_they_belong;
#[cfg(test)]
mod messages_are_changed_and_answered;
#[cfg(test)]
mod old_keys_are_amber_and_red;
#[cfg(test)]
mod player;
#[cfg(test)]
mod requests_are_asked_and_answered;
#[cfg(test)]
mod the_conversations_of_a_profile_stand_side_by_side;
