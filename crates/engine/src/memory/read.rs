//! What interfaces look up.

use std::cmp::Reverse;
use std::convert::Infallible;

use undertone_handle::query::{
    AddressLine, AskLine, Before, Hit, Line, Overview, RequestLine, Search,
};
use undertone_handle::{ConversationId, MessageId, SecretText};

use super::Memory;
use crate::storage::{
    AskRow, Contact, MessageRow, PublicAddress, Reader, RequestRow, View as _, message_id,
    number_of,
};

impl Memory {
    fn overview(&self, contact: &Contact) -> Overview {
        let id = contact.id;
        Overview {
            conversation: id,
            name: contact.peer.clone(),
            trust: contact.trust,
            ended: contact.ended,
            blocked: self.policy(id).is_some_and(|policy| policy.blocked),
            since: contact.since,
            last: self.rows(id).next_back().map(MessageRow::line),
            unread: self.rows(id).filter(|row| !row.own && !row.seen).count(),
            waiting: self.outbox_len(id),
            draft: self.drafts.contains_key(&id),
        }
    }

    fn owner(&self, message: MessageId) -> Option<ConversationId> {
        let number = number_of(message);
        self.contacts.values().find(|contact| contact.number == number).map(|contact| contact.id)
    }
}

impl Reader for Memory {
    type Fault = Infallible;

    fn overviews(&self) -> Result<Vec<Overview>, Infallible> {
        let mut all: Vec<Overview> =
            self.contacts.values().map(|contact| self.overview(contact)).collect();
        let arrived = |one: &Overview| {
            let last = one.last.as_ref()?;
            self.arrived.get(&last.message).copied()
        };
        all.sort_by_key(|one| Reverse((arrived(one), one.since, one.conversation)));
        Ok(all)
    }

    fn page(
        &self,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Line>, Infallible> {
        let rows = self.rows(conversation).rev();
        let mut page: Vec<Line> = rows
            .filter(|row| before.is_none_or(|before| row.message < before))
            .take(limit)
            .map(MessageRow::line)
            .collect();
        page.reverse();
        Ok(page)
    }

    fn around(&self, message: MessageId, each: usize) -> Result<Vec<Line>, Infallible> {
        if !self.messages.contains_key(&message) {
            return Ok(Vec::new());
        }
        let number = number_of(message);
        let before = self.messages.range(message_id(number, 0)..message).rev().take(each);
        let after = self.messages.range(message..=message_id(number, u32::MAX));
        let mut lines: Vec<Line> = before.map(|(_, row)| row.line()).collect();
        lines.reverse();
        lines.extend(after.take(each.saturating_add(1)).map(|(_, row)| row.line()));
        Ok(lines)
    }

    fn draft(&self, conversation: ConversationId) -> Result<Option<SecretText>, Infallible> {
        let draft = self.drafts.get(&conversation);
        Ok(draft.map(|text| SecretText::new(text.as_str().to_owned())))
    }

    fn search(
        &self,
        search: &Search,
        before: Option<Before>,
        limit: usize,
    ) -> Result<Vec<Hit>, Infallible> {
        let end = before.map_or(u64::MAX, |Before(serial)| serial);
        let hits = self.arrivals.range(..end).rev().filter_map(|(serial, message)| {
            let row = self.messages.get(message)?;
            Some(Hit {
                spans: search.spans(&row.body)?,
                conversation: self.owner(*message)?,
                line: row.line(),
                before: Before(*serial),
            })
        });
        Ok(hits.take(limit).collect())
    }

    fn address_line(&self) -> Result<Option<AddressLine>, Infallible> {
        let line = |own: PublicAddress| AddressLine { address: own.seed.address(), on: own.on };
        Ok(self.address().map(line))
    }

    fn request_lines(&self) -> Result<Vec<RequestLine>, Infallible> {
        Ok(self.requests().iter().map(RequestRow::line).collect())
    }

    fn ask_lines(&self) -> Result<Vec<AskLine>, Infallible> {
        Ok(self.asks().iter().map(AskRow::line).collect())
    }
}
