//! The questions before a meeting: the own name, the partner's, the code.

use undertone_handle::command::{MAX_NAME, Name, Role};
use undertone_wire::code::Code;
use zeroize::Zeroizing;

use super::editor::Editor;
use crate::code::{self, Completion, Typed};
use crate::plan::Plan;

/// The most bytes of a code that are taken; more than any code has.
const MAX_CODE_BYTES: usize = 256;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Nick,
    Peer,
    Code,
}

/// One question and the answer as far as it is typed.
#[derive(Debug)]
pub(super) struct Prompt {
    pub(super) field: Field,
    pub(super) editor: Editor,
    /// What was wrong with the last answer, or what Tab found.
    pub(super) remark: Option<String>,
    /// The code that is proposed on the serving side.
    pub(super) proposal: Option<Code>,
    /// A code that is not made of the list's words, while it is asked whether it is meant.
    pub(super) doubtful: Option<(Box<Code>, String)>,
    /// Whether the answer is shown as dots.
    pub(super) hidden: bool,
}

impl Prompt {
    /// The first question that the plan leaves open; none if all is known.
    pub(super) fn next(plan: &mut Plan) -> Option<Self> {
        let field = match (&plan.nick, &plan.peer, &plan.code) {
            (None, _, _) => Field::Nick,
            (_, None, _) => Field::Peer,
            (_, _, None) => Field::Code,
            _ => return None,
        };
        let host = plan.role == Some(Role::Host);
        let limit = if field == Field::Code { MAX_CODE_BYTES } else { MAX_NAME * 4 };
        Some(Self {
            field,
            editor: Editor::line(limit),
            remark: None,
            proposal: (field == Field::Code && host).then(|| (plan.propose)()),
            doubtful: None,
            hidden: field == Field::Code && !host,
        })
    }

    /// The question in words.
    pub(super) fn question(&self) -> String {
        match (self.field, &self.proposal) {
            (Field::Nick, _) => "Your name, as your partner will see it:".to_owned(),
            (Field::Peer, _) => "Your partner's name, as you want to see it:".to_owned(),
            (Field::Code, Some(proposal)) => {
                format!("The code: Enter takes {}, or type one you agreed on:", *proposal.text())
            }
            (Field::Code, None) => "The code that your partner says:".to_owned(),
        }
    }

    /// What helps to answer.
    pub(super) fn help(&self) -> &'static str {
        match self.field {
            Field::Nick => "Sent to your partner alone and for this conversation only.",
            Field::Peer => "Stays on this machine; it is never sent.",
            Field::Code if self.hidden => "Tab completes a word. Ctrl-R shows what you type.",
            Field::Code => "Tab completes a word.",
        }
    }

    /// Looks at the answer after each change.
    pub(super) fn changed(&mut self) {
        self.doubtful = None;
        self.remark = match self.field {
            Field::Code => code::remark(self.editor.text(), self.hidden),
            _ => None,
        };
    }

    /// Tab.
    pub(super) fn complete(&mut self) {
        if self.field != Field::Code {
            return;
        }
        match code::completed(self.editor.text()) {
            Completion::Longer(text) => {
                self.editor.set(&text);
                self.changed();
            }
            Completion::Several(_, count) if self.hidden => {
                self.remark = Some(format!("{count} words begin like this."));
            }
            Completion::Several(words, count) => {
                let more = if count > words.len() { " …" } else { "" };
                self.remark = Some(format!("{}{more}", words.join(" ")));
            }
            Completion::None => {}
        }
    }

    /// Enter: takes the answer into the plan and says whether that was possible.
    pub(super) fn answer(&mut self, plan: &mut Plan) -> bool {
        match self.field {
            Field::Nick | Field::Peer => match Name::parse(self.editor.text()) {
                Ok(name) => {
                    if self.field == Field::Nick {
                        plan.nick = Some(name);
                    } else {
                        plan.peer = Some(name);
                    }
                    true
                }
                Err(reason) => {
                    self.remark = Some(code::sentence(&reason.to_string()));
                    false
                }
            },
            Field::Code => {
                if self.editor.is_empty()
                    && let Some(proposal) = self.proposal.take()
                {
                    plan.code = Some(proposal);
                    return true;
                }
                match code::typed(self.editor.text()) {
                    Typed::Good(code) => {
                        plan.code = Some(*code);
                        true
                    }
                    Typed::Doubtful(code, question) => {
                        self.doubtful = Some((code, question));
                        self.remark = None;
                        false
                    }
                    Typed::Wrong(reason) => {
                        self.remark = Some(reason);
                        false
                    }
                }
            }
        }
    }

    /// The answer as it is shown.
    pub(super) fn shown(&self) -> Zeroizing<String> {
        hide(self.editor.text(), self.hidden)
    }

    /// What stands before the cursor, as it is shown.
    pub(super) fn shown_before(&self) -> Zeroizing<String> {
        hide(self.editor.before(), self.hidden)
    }
}

/// A text, or dots in its place.
pub(super) fn hide(text: &str, hidden: bool) -> Zeroizing<String> {
    Zeroizing::new(if hidden { crate::text::dots(text) } else { text.to_owned() })
}
