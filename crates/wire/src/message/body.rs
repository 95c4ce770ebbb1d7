//! The bytes of bodies.

use zeroize::Zeroizing;

use super::{
    Body, DecodeError, EPOCH_LEN, EncodeError, MAX_CHECK, MAX_NAME, MAX_SIGN, MAX_TEXT, Reference,
};

/// A flag of a text: a timer follows.
const HAS_TIMER: u8 = 1;
/// A flag of a text: it answers a message of the receiver's.
const ANSWERS_THEIRS: u8 = 2;
/// A flag of a text: it answers a message of the sender's.
const ANSWERS_OWN: u8 = 4;

impl Body {
    /// A text that answers nothing and stays.
    #[must_use]
    pub fn text(text: String) -> Self {
        Self::Text { text: Zeroizing::new(text), reply: None, timer: None }
    }

    /// True for what is counted, kept until its receipt, and delivered once.
    #[must_use]
    pub const fn is_sequenced(&self) -> bool {
        match self {
            Self::Text { .. }
            | Self::Edit { .. }
            | Self::Delete { .. }
            | Self::React { .. }
            | Self::Timer { .. }
            | Self::Withdrawn
            | Self::Name(_)
            | Self::CheckWish(_)
            | Self::Check(_)
            | Self::CheckBegin { .. }
            | Self::CheckAnew
            | Self::CheckAbort
            | Self::Goodbye
            | Self::Skip { .. } => true,
            Self::Receipt { .. } | Self::GoodbyeSeen | Self::Empty | Self::Resume { .. } => false,
        }
    }

    const fn kind(&self) -> u8 {
        match self {
            Self::Empty => 0,
            Self::Text { .. } => 1,
            Self::Receipt { .. } => 2,
            Self::Name(_) => 3,
            Self::CheckWish(_) => 4,
            Self::Check(_) => 5,
            Self::CheckAbort => 6,
            Self::Goodbye => 7,
            Self::GoodbyeSeen => 8,
            Self::Edit { .. } => 9,
            Self::Delete { .. } => 10,
            Self::React { .. } => 11,
            Self::Timer { .. } => 12,
            Self::Withdrawn => 13,
            Self::CheckBegin { .. } => 14,
            Self::CheckAnew => 15,
            Self::Resume { .. } => 16,
            Self::Skip { .. } => 17,
        }
    }

    /// Encodes the body alone: the form to keep until it is sent, for a resend is sealed anew.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] or [`EncodeError::Receipt`].
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
        let within = |text: &[u8], limit| match text.len() {
            length if length > limit => Err(EncodeError::TooLong),
            _ => Ok(()),
        };
        // Once, and large enough, so that no copy of a text stays behind.
        let mut out = Zeroizing::new(Vec::with_capacity(self.room()));
        out.push(self.kind());
        match self {
            Self::Text { text, reply, timer } => {
                within(text.as_bytes(), MAX_TEXT)?;
                let flags = timer.map_or(0, |_| HAS_TIMER)
                    | match reply {
                        None => 0,
                        Some(Reference { own: false, .. }) => ANSWERS_THEIRS,
                        Some(Reference { own: true, .. }) => ANSWERS_OWN,
                    };
                out.push(flags);
                if let Some(timer) = timer {
                    out.extend_from_slice(&not_zero_32(*timer)?.to_be_bytes());
                }
                if let Some(reply) = reply {
                    out.extend_from_slice(&not_zero(reply.sequence)?.to_be_bytes());
                }
                out.extend_from_slice(text.as_bytes());
            }
            Self::Edit { of, text } => {
                within(text.as_bytes(), MAX_TEXT)?;
                out.extend_from_slice(&not_zero(*of)?.to_be_bytes());
                out.extend_from_slice(text.as_bytes());
            }
            Self::Delete { of } => out.extend_from_slice(&not_zero(*of)?.to_be_bytes()),
            Self::React { to, sign } => {
                within(sign.as_bytes(), MAX_SIGN)?;
                out.push(u8::from(to.own));
                out.extend_from_slice(&not_zero(to.sequence)?.to_be_bytes());
                out.extend_from_slice(sign.as_bytes());
            }
            Self::Timer { changes, seconds } => {
                out.extend_from_slice(&changes.to_be_bytes());
                out.extend_from_slice(&seconds.to_be_bytes());
            }
            Self::Name(name) => {
                within(name.as_bytes(), MAX_NAME)?;
                out.extend_from_slice(name.as_bytes());
            }
            Self::Check(message) => {
                within(message, MAX_CHECK)?;
                out.extend_from_slice(message);
            }
            Self::CheckWish(wish) => out.push(u8::from(*wish)),
            Self::CheckBegin { epoch, message } => {
                within(message, MAX_CHECK)?;
                out.extend_from_slice(&epoch.to_be_bytes());
                out.extend_from_slice(message);
            }
            Self::Receipt { highest, window } => put_receipt(*highest, *window, &mut out)?,
            Self::Resume { highest, window, gone } => {
                put_receipt(*highest, *window, &mut out)?;
                out.extend_from_slice(&gone.to_be_bytes());
            }
            Self::Skip { to } => out.extend_from_slice(&not_zero(*to)?.to_be_bytes()),
            Self::CheckAnew
            | Self::CheckAbort
            | Self::Goodbye
            | Self::GoodbyeSeen
            | Self::Empty
            | Self::Withdrawn => {}
        }
        Ok(out)
    }

    /// At least the bytes of the encoded body.
    fn room(&self) -> usize {
        let varying = match self {
            Self::Text { text, .. } | Self::Edit { text, .. } => text.len(),
            Self::React { sign, .. } => sign.len(),
            Self::Name(name) => name.len(),
            Self::Check(message) | Self::CheckBegin { message, .. } => message.len(),
            _ => 0,
        };
        varying.saturating_add(25)
    }

    /// Reads what [`Body::encode`] wrote, all of it.
    ///
    /// # Errors
    /// [`DecodeError::Kind`], [`DecodeError::Length`] or [`DecodeError::Content`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (kind, content) = bytes.split_first().ok_or(DecodeError::Length)?;
        let empty = |body| if content.is_empty() { Ok(body) } else { Err(DecodeError::Length) };
        let text = |limit| {
            if content.len() > limit {
                return Err(DecodeError::Length);
            }
            std::str::from_utf8(content).map(str::to_owned).map_err(|_| DecodeError::Content)
        };
        match kind {
            0 => empty(Self::Empty),
            1 => Self::decode_text(content),
            2 => {
                let (highest, window) = receipt(content)?;
                Ok(Self::Receipt { highest, window })
            }
            3 => text(MAX_NAME).map(Self::Name),
            4 => match content {
                [0] => Ok(Self::CheckWish(false)),
                [1] => Ok(Self::CheckWish(true)),
                [_] => Err(DecodeError::Content),
                _ => Err(DecodeError::Length),
            },
            5 if content.len() > MAX_CHECK => Err(DecodeError::Length),
            5 => Ok(Self::Check(content.to_vec())),
            6 => empty(Self::CheckAbort),
            7 => empty(Self::Goodbye),
            8 => empty(Self::GoodbyeSeen),
            9 => {
                let (of, text) = number(content)?;
                Ok(Self::Edit { of, text: words(text, MAX_TEXT)? })
            }
            10 => match number(content)? {
                (of, []) => Ok(Self::Delete { of }),
                _ => Err(DecodeError::Length),
            },
            11 => {
                let (own, rest) = content.split_first().ok_or(DecodeError::Length)?;
                let own = match own {
                    0 => false,
                    1 => true,
                    _ => return Err(DecodeError::Content),
                };
                let (sequence, sign) = number(rest)?;
                let to = Reference { own, sequence };
                Ok(Self::React { to, sign: words(sign, MAX_SIGN)? })
            }
            12 => match content.split_first_chunk::<4>() {
                Some((changes, seconds)) => Ok(Self::Timer {
                    changes: u32::from_be_bytes(*changes),
                    seconds: u32::from_be_bytes(
                        seconds.try_into().map_err(|_| DecodeError::Length)?,
                    ),
                }),
                None => Err(DecodeError::Length),
            },
            13 => empty(Self::Withdrawn),
            14 => {
                let (epoch, message) =
                    content.split_first_chunk::<EPOCH_LEN>().ok_or(DecodeError::Length)?;
                if message.len() > MAX_CHECK {
                    return Err(DecodeError::Length);
                }
                let epoch = u32::from_be_bytes(*epoch);
                Ok(Self::CheckBegin { epoch, message: message.to_vec() })
            }
            15 => empty(Self::CheckAnew),
            16 => {
                let (content, gone) = content.split_last_chunk::<8>().ok_or(DecodeError::Length)?;
                let (highest, window) = receipt(content)?;
                Ok(Self::Resume { highest, window, gone: u64::from_be_bytes(*gone) })
            }
            17 => match number(content)? {
                (to, []) => Ok(Self::Skip { to }),
                _ => Err(DecodeError::Length),
            },
            _ => Err(DecodeError::Kind),
        }
    }

    fn decode_text(content: &[u8]) -> Result<Self, DecodeError> {
        let (flags, rest) = content.split_first().ok_or(DecodeError::Length)?;
        let (timer, rest) = if flags & HAS_TIMER == 0 {
            (None, rest)
        } else {
            let (timer, rest) = rest.split_first_chunk::<4>().ok_or(DecodeError::Length)?;
            let timer = u32::from_be_bytes(*timer);
            (Some(if timer == 0 { Err(DecodeError::Content) } else { Ok(timer) }?), rest)
        };
        let own = match flags & !HAS_TIMER {
            0 => None,
            ANSWERS_THEIRS => Some(false),
            ANSWERS_OWN => Some(true),
            _ => return Err(DecodeError::Content),
        };
        let (reply, text) = match own {
            None => (None, rest),
            Some(own) => {
                let (sequence, rest) = number(rest)?;
                (Some(Reference { own, sequence }), rest)
            }
        };
        Ok(Self::Text { text: words(text, MAX_TEXT)?, reply, timer })
    }
}

/// What has arrived, as bytes.
fn put_receipt(highest: u64, window: u64, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if window & 1 != 0 {
        return Err(EncodeError::Receipt);
    }
    out.extend_from_slice(&highest.to_be_bytes());
    out.extend_from_slice(&window.to_be_bytes());
    Ok(())
}

/// What has arrived: highest and window.
fn receipt(content: &[u8]) -> Result<(u64, u64), DecodeError> {
    let (highest, rest) = content.split_first_chunk::<8>().ok_or(DecodeError::Length)?;
    let window: [u8; 8] = rest.try_into().map_err(|_| DecodeError::Length)?;
    let window = u64::from_be_bytes(window);
    if window & 1 != 0 {
        return Err(DecodeError::Content);
    }
    Ok((u64::from_be_bytes(*highest), window))
}

/// A sequence number, which is never 0.
fn not_zero(sequence: u64) -> Result<u64, EncodeError> {
    if sequence == 0 { Err(EncodeError::Sequence) } else { Ok(sequence) }
}

/// A timer, which is never 0.
fn not_zero_32(timer: u32) -> Result<u32, EncodeError> {
    if timer == 0 { Err(EncodeError::Sequence) } else { Ok(timer) }
}

/// A sequence number and what follows it.
fn number(content: &[u8]) -> Result<(u64, &[u8]), DecodeError> {
    let (number, rest) = content.split_first_chunk::<8>().ok_or(DecodeError::Length)?;
    match u64::from_be_bytes(*number) {
        0 => Err(DecodeError::Content),
        number => Ok((number, rest)),
    }
}

/// Text of at most `limit` bytes.
fn words(content: &[u8], limit: usize) -> Result<Zeroizing<String>, DecodeError> {
    if content.len() > limit {
        return Err(DecodeError::Length);
    }
    let text = std::str::from_utf8(content).map_err(|_| DecodeError::Content)?;
    Ok(Zeroizing::new(text.to_owned()))
}
