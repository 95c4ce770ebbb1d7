//! `undertone profile`, `contact` and `message`: no network, no runtime, and signals end them as they
//! end any program. And the profile that a chat is kept in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use undertone_handle::command::History;
use undertone_handle::query::{Line, Overview};
use undertone_handle::words::{Locked, UserError};
use undertone_handle::{ConversationId, SecretText};
use undertone_node::environment::hardening::{self, LockLimit};
use undertone_tools::kept::{self, Contacts, Kept, Messages};
use undertone_tools::profile::{self, Holding, Key, Profile as Arguments, Reader};
use undertone_tools::requests;
use undertone_tools::{Failure, Streams};
use undertone_tui::keeper::{Found, Hit, Keeper, PAGE, Wanted};
use undertone_tui::{End, Outcome, Plan, Profile, Requests, Resume, World};

use crate::Exit;
use crate::args::Chat;
use crate::chat::{Faces, fill, say_first};
use crate::config::{Details, Settings};
use crate::failure::internal;
use crate::tools::{exit, said};
use crate::world::{self, Interrupts, Prepared, clocks, connect, kind};

/// The most messages of a search in a face.
const HITS: usize = 20;

/// Hardens the process and does what the arguments say.
pub(crate) fn profile(arguments: Arguments, settings: &Settings, limit: LockLimit) -> Exit {
    // What could not be had is for the doctor to tell.
    let _hardening = hardening::harden(limit);
    exit(profile::run(arguments, chosen(settings), Streams::standard(), settings.json()))
}

/// Hardens the process and does what the arguments say.
pub(crate) fn contact(arguments: Contacts, settings: &Settings, limit: LockLimit) -> Exit {
    let _hardening = hardening::harden(limit);
    exit(kept::contacts(arguments, chosen(settings), Streams::standard(), settings.json()))
}

/// Hardens the process and does what the arguments say.
pub(crate) fn message(arguments: Messages, settings: &Settings, limit: LockLimit) -> Exit {
    let _hardening = hardening::harden(limit);
    exit(kept::messages(arguments, chosen(settings), Streams::standard(), settings.json()))
}

/// Hardens the process and does what the arguments say.
pub(crate) fn request(
    arguments: requests::Requests,
    settings: &Settings,
    limit: LockLimit,
) -> Exit {
    let _hardening = hardening::harden(limit);
    exit(requests::requests(arguments, chosen(settings), Streams::standard(), settings.json()))
}

/// Hardens the process and does what the arguments say.
pub(crate) fn address(arguments: requests::Address, settings: &Settings, limit: LockLimit) -> Exit {
    let _hardening = hardening::harden(limit);
    exit(requests::address(arguments, chosen(settings), Streams::standard(), settings.json()))
}

fn chosen(settings: &Settings) -> Option<&str> {
    settings.profile.value.as_deref()
}

/// A conversation as a face goes on with it.
fn resume(kept: Kept) -> Resume {
    let Kept { overview, terms, lines, draft } = kept;
    Resume {
        conversation: overview.conversation,
        nick: Some(terms.nick),
        peer: overview.name,
        trust: overview.trust,
        ended: overview.ended,
        blocked: overview.blocked,
        unread: overview.unread,
        lines,
        timer: terms.timer,
        history: terms.history,
        draft,
    }
}

/// What a face looks up in an open profile, and changes of its password.
struct Clerk {
    holding: Arc<Holding>,
    reader: Mutex<Reader>,
}

impl Keeper for Clerk {
    fn look(&self, wanted: Wanted) -> Found {
        match wanted {
            Wanted::Password { old, new } => match self.change(old.as_ref(), &new) {
                Ok(done) => Found::Password(done),
                Err(failure) => Found::Failed(said(failure)),
            },
            Wanted::Page { conversation, before } => {
                let reader = self.reader();
                match kept::before(&reader, conversation, before, PAGE) {
                    Ok(lines) => Found::Page(conversation, lines),
                    Err(failure) => Found::Failed(said(failure)),
                }
            }
            Wanted::Requests => match asked(&self.reader()) {
                Ok(known) => Found::Requests(known),
                Err(failure) => Found::Failed(said(failure)),
            },
            Wanted::Names(conversation) => match kept::names(&self.reader(), conversation) {
                Ok(Some((nick, peer))) => Found::Names { conversation, nick, peer },
                Ok(None) => Found::Failed(internal(&"a conversation that has begun is not there")),
                Err(failure) => Found::Failed(said(failure)),
            },
            Wanted::Search(search) => {
                let reader = self.reader();
                match kept::search(&reader, &search, HITS) {
                    Ok(hits) => {
                        Found::Hits(hits.into_iter().map(|found| hit(found, &reader)).collect())
                    }
                    Err(failure) => Found::Failed(said(failure)),
                }
            }
        }
    }
}

/// The public address and requests, as a face knows them.
fn asked(reader: &Reader) -> Result<Requests, Failure> {
    let requests::All { address, came, own } = requests::all(reader)?;
    Ok(Requests { address, came, own })
}

impl Clerk {
    fn reader(&self) -> MutexGuard<'_, Reader> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, old: Option<&SecretText>, new: &SecretText) -> Result<bool, Failure> {
        let present = Key::new(old.map(SecretText::reveal))?;
        self.holding.change(&present, &Key::new(Some(new.reveal()))?)
    }
}

fn hit((contact, line): (Overview, Line), reader: &Reader) -> Hit {
    let (before, after) = kept::beside(reader, line.message);
    let name = contact.name.as_str().to_owned();
    Hit { conversation: contact.conversation, name, line, before, after }
}

/// Whom a face begins with.
enum Whom {
    /// Whoever the plan meets, or nobody yet.
    Plan,
    /// The contact of this name or id.
    Named(String),
    /// The one who was shown before the profile was locked.
    Shown(ConversationId),
}

/// `undertone chat` in a lasting profile: a face and a node for as long as it is unlocked, nothing but
/// the lock of its folder and a question for the password while it is locked.
pub(crate) async fn chat(settings: &Settings, mut chat: Chat, prepared: Prepared) -> Exit {
    let filled = fill(&chat, settings).and_then(|plan| {
        // Meant from here, whatever directory the network makes the present one.
        let mut details = settings.details();
        details.tor_config =
            details.tor_config.map(|path| std::path::absolute(&path).unwrap_or(path));
        let mut streams = Streams::standard();
        let (holding, key) =
            profile::hold(chat.whose, chosen(settings), &mut streams).map_err(said)?;
        Ok((plan, details, holding, key))
    });
    let (plan, details, holding, mut key) = match filled {
        Ok(filled) => filled,
        Err(error) => return Exit::Failed(error),
    };
    say_first(&[], &prepared.hardening);
    let interrupts = Interrupts::new(prepared.signals);
    let mut faces = Faces::new(settings);
    let holding = Arc::new(holding);
    let mut plan = Some(plan);
    let mut whom = chat.with.take().map_or(Whom::Plan, Whom::Named);
    let mut why = Locked::Start;
    loop {
        let opened = match unlocked(&holding, key.take(), why, &mut faces, &interrupts).await {
            Ok(Some(opened)) => opened,
            Ok(None) => return Exit::Code(interrupts.code().unwrap_or(0)),
            Err(error) => return faces.failed(error),
        };
        let round = async {
            let begun = match plan.take() {
                Some(plan) => plan,
                None => world::plan(kind(settings.network.value), false, settings)?,
            };
            let round = Round { settings, details: &details, holding: &holding, plan: begun };
            round.run(opened, &whom, &mut faces, &interrupts).await
        };
        let outcome = match round.await {
            Ok(outcome) => outcome,
            Err(error) => return faces.failed(error),
        };
        match outcome.end {
            End::Locked(reason, shown) if interrupts.code().is_none() => {
                why = reason;
                whom = shown.map_or(Whom::Plan, Whom::Shown);
            }
            _ => {
                undertone_tui::screen::restore();
                return crate::chat::exit(outcome, &interrupts);
            }
        }
    }
}

/// What is unlocked.
type Unlocked = (undertone_node::AnyStorage, Reader);

/// Unlocks the profile, with what was given or what is typed. `None`: the user leaves.
async fn unlocked(
    holding: &Arc<Holding>,
    mut key: Option<Key>,
    why: Locked,
    faces: &mut Faces,
    interrupts: &Interrupts,
) -> Result<Option<Unlocked>, UserError> {
    let given = key.is_some();
    let mut failure = None;
    loop {
        let key = match key.take() {
            Some(key) => key,
            None => {
                let mut world =
                    World { clock: clocks(), interrupts: interrupts.face(), keeper: None };
                let typed = faces.unlock(holding.name(), why, failure.take(), &mut world).await?;
                let Some(password) = typed else { return Ok(None) };
                match Key::new(Some(password.reveal())) {
                    Ok(key) => key,
                    Err(error) => {
                        failure = Some(said(error));
                        continue;
                    }
                }
            }
        };
        let held = Arc::clone(holding);
        let tried = tokio::task::spawn_blocking(move || held.unlock(&key)).await;
        match tried.map_err(|error| internal(&error))? {
            Ok(unlocked) => return Ok(Some(unlocked)),
            // Who gave it beforehand is not there to be asked.
            Err(error) if given => return Err(said(error)),
            Err(error) if error.kind == undertone_tools::Kind::Usage => failure = Some(said(error)),
            Err(error) => return Err(said(error)),
        }
    }
}

/// One face and one node, from the login to the lock or the end.
struct Round<'a> {
    settings: &'a Settings,
    details: &'a Details,
    holding: &'a Arc<Holding>,
    plan: Plan,
}

impl Round<'_> {
    async fn run(
        self,
        opened: Unlocked,
        whom: &Whom,
        faces: &mut Faces,
        interrupts: &Interrupts,
    ) -> Result<Outcome, UserError> {
        let Round { settings, details, holding, mut plan } = self;
        let (storage, reader) = opened;
        plan.lasting = true;
        plan.resume = match whom {
            Whom::Plan => None,
            Whom::Named(name) => Some(kept::find(&reader, name).map_err(said)?.conversation),
            Whom::Shown(id) => Some(*id),
        };
        let minutes = settings.idle_lock.value;
        plan.profile = Some(Profile {
            name: holding.name().to_owned(),
            password: holding.needs_password().map_err(said)?,
            idle_lock: (minutes > 0).then(|| Duration::from_secs(60 * u64::from(minutes))),
            history: match settings.history.value {
                crate::config::History::Kept => None,
                crate::config::History::Days(days) => Some(History::For(u32::from(days) * 86_400)),
                crate::config::History::Off => Some(History::NotKept),
            },
            conversations: kept::conversations(&reader)
                .map_err(said)?
                .into_iter()
                .map(resume)
                .collect(),
            requests: asked(&reader).map_err(said)?,
        });
        let connection = connect(settings.network.value, details)?;
        for notice in &connection.notices {
            faces.say(notice);
        }
        let clerk = Clerk { holding: Arc::clone(holding), reader: Mutex::new(reader) };
        let (handle, node) = undertone_node::start(connection.network.clone(), storage)
            .map_err(|error| internal(&error))?;
        let world =
            World { clock: clocks(), interrupts: interrupts.face(), keeper: Some(Arc::new(clerk)) };
        let outcome = faces.run(handle, plan, world).await;
        node.ended().await;
        // What the network left in memory goes only after the node.
        drop(connection);
        Ok(outcome)
    }
}
