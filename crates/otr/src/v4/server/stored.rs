//! What a server keeps, as it is stored.

use super::super::identity::StoredError;
use super::super::offline::PREKEYS_MAX;
use super::super::prekey::{PrekeyMessage, PrekeyProfile};
use super::super::profile::ClientProfile;
use super::NAME_MAX;
use super::keeper::{CLIENTS_MAX, Client, IDENTITIES_MAX, Server};
use crate::codec::{DecodeError, Reader, Writer};
use crate::tag::InstanceTag;

/// First byte of what is stored.
const STORED_VERSION: u8 = 1;

impl Server {
    /// What was published and not yet handed out, to be stored before the answer that changed it
    /// goes out: a server that forgets what it handed out hands it out twice. It is public but for
    /// who publishes here.
    ///
    /// `u8 version = 1 ‖ u32 accounts ‖ (DATA name ‖ u8 clients ‖ (u32 tag ‖ DATA client profile ‖
    /// DATA prekey profile ‖ u8 count ‖ prekey messages as DATA) each) each`, both sorted; a profile
    /// that isn't there is empty.
    #[must_use]
    pub fn kept_to_bytes(&mut self) -> Vec<u8> {
        self.changed = false;
        let count = |len: usize| u8::try_from(len).unwrap_or(u8::MAX);
        let accounts = u32::try_from(self.kept.len()).unwrap_or(u32::MAX);
        let mut writer = Writer::new().byte(STORED_VERSION).int(accounts);
        for (name, clients) in &self.kept {
            writer = writer.data(name.as_bytes()).byte(count(clients.len()));
            for (tag, Client { profile, prekey_profile, messages }) in clients {
                let profile = profile.as_ref().map_or(&[][..], ClientProfile::encoded);
                let prekey_profile = prekey_profile.as_ref().map(PrekeyProfile::encoded);
                writer = writer.int(tag.number()).data(profile);
                writer = writer.data(&prekey_profile.unwrap_or_default());
                writer = writer.byte(count(messages.len()));
                for message in messages {
                    writer = writer.data(&message.encoded());
                }
            }
        }
        writer.finish()
    }

    /// This server with what [`Server::kept_to_bytes`] gave, in place of what it keeps.
    ///
    /// # Errors
    /// [`StoredError`] if the bytes are of a later version or damaged, or hold more than a server
    /// keeps.
    pub fn with_kept(mut self, bytes: &[u8]) -> Result<Self, StoredError> {
        let mut reader = Reader::new(bytes);
        if reader.byte()? != STORED_VERSION {
            return Err(StoredError::Version);
        }
        self.kept.clear();
        let mut last_name = None;
        for _ in 0..reader.int()? {
            let name = std::str::from_utf8(reader.data()?).map_err(|_| DecodeError::Value)?;
            let in_order = last_name.is_none_or(|last| last < name);
            if !in_order || name.len() > NAME_MAX || self.kept.len() >= IDENTITIES_MAX {
                return Err(DecodeError::Value.into());
            }
            last_name = Some(name);
            let clients = self.kept.entry(name.to_owned()).or_default();
            let count = reader.byte()?;
            if !(1..=CLIENTS_MAX).contains(&usize::from(count)) {
                return Err(DecodeError::Value.into());
            }
            for _ in 0..count {
                let tag = InstanceTag::new(reader.int()?).ok_or(DecodeError::Value)?;
                let in_order = clients.last_key_value().is_none_or(|(last, _)| *last < tag);
                let client = read_client(&mut reader, tag)?;
                if !in_order {
                    return Err(DecodeError::Value.into());
                }
                clients.insert(tag, client);
            }
        }
        reader.finish()?;
        self.changed = false;
        Ok(self)
    }
}

fn read_client(reader: &mut Reader<'_>, tag: InstanceTag) -> Result<Client, DecodeError> {
    let mut client = Client::default();
    let profile = reader.data()?;
    if !profile.is_empty() {
        let profile = ClientProfile::decode(profile).map_err(|_| DecodeError::Value)?;
        if profile.owner() != tag {
            return Err(DecodeError::Value);
        }
        client.profile = Some(profile);
    }
    let prekey_profile = reader.data()?;
    if !prekey_profile.is_empty() {
        client.prekey_profile = Some(PrekeyProfile::decode(prekey_profile)?);
    }
    let count = usize::from(reader.byte()?);
    if count > PREKEYS_MAX {
        return Err(DecodeError::Value);
    }
    for _ in 0..count {
        let message = PrekeyMessage::decode(reader.data()?)?;
        if message.owner() != tag {
            return Err(DecodeError::Value);
        }
        client.messages.push_back(message);
    }
    Ok(client)
}
