//! Lines in and lines out, as a script or a screen reader has them.

#[cfg(test)]
mod a_check_can_be_called_off;
#[cfg(test)]
mod a_conversation_in_lines;
#[cfg(test)]
mod a_pipe_sends_waits_and_leaves;
#[cfg(test)]
mod a_profile_in_lines;
#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;
#[cfg(test)]
mod json_lines_can_be_scripted;
#[cfg(test)]
mod messages_are_changed;
#[cfg(test)]
mod new_keys_are_asked_for;
#[cfg(test)]
mod player;
#[cfg(test)]
mod quit_is_heard_at_every_question;
#[cfg(test)]
mod requests_in_lines;
