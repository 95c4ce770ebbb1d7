//! What a stranger or a partner at fault puts on a stream, and what a disk holds of cards and requests.
//!
//! Every target checks what has to hold, not only that nothing panics, and gives how many things were accepted.

use std::sync::OnceLock;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_wire::address::{OnionAddress, OnionSeed};
use undertone_wire::card::{Card, KeptCard, OwnCard};
use undertone_wire::cell::{Assembler, CELL_LEN, FrameKind, cut};
use undertone_wire::code::Code;
use undertone_wire::message::Payload;
use undertone_wire::pairing::{
    Exporters, Guest, GuestStage, Host, HostStage, PairingError, Progress,
};
use undertone_wire::request::{
    AcceptanceStage, Accepter, Asker, MAX_STRANGER_FRAME, Offer, OwnOffer, OwnRequest, Request,
    request_hash,
};

use super::input::Input;

/// The most cells of one input, so that a run is short.
const CELLS: usize = 400;

/// What was made once: its keys cost more than all the rest of a run.
struct Made {
    card: OwnCard,
    offer: OwnOffer,
    request: OwnRequest,
    /// A good one of each form.
    forms: [Vec<u8>; 7],
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let rng = &mut rng(1);
        let card = OwnCard::generate(rng);
        let (offer, request) = (OwnOffer::generate(rng), OwnRequest::generate(rng));
        let said = request.encode("ana", "it's me\nfrom the pond").expect("a short greeting");
        let payload =
            Payload { sequence: 7, body: undertone_wire::message::Body::Name("ana".to_owned()) };
        let forms = [
            card.public().encode().to_vec(),
            card.clone().into_kept().to_bytes().as_bytes().to_vec(),
            offer.public().encode(),
            said,
            offer.to_bytes().as_bytes().to_vec(),
            request.to_bytes().as_bytes().to_vec(),
            payload.encode().map(|bytes| bytes.to_vec()).unwrap_or_default(),
        ];
        Made { card, offer, request, forms }
    })
}

/// Cards, requests and payloads: raw, or good ones changed. There is one encoding of what is accepted, but for a
/// payload's chunk, which stands in its padding.
pub fn forms(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let which = input.byte();
    let form = usize::from(which >> 1) % 7;
    let bytes = if which & 1 == 0 {
        input.0.to_vec()
    } else {
        let mut bytes = made().forms[form].clone();
        input.edit(&mut bytes);
        bytes
    };
    let again: Option<Vec<u8>> = match form {
        0 => Card::decode(&bytes).ok().map(|card| card.encode().to_vec()),
        1 => KeptCard::from_bytes(&bytes).ok().map(|card| card.to_bytes().as_bytes().to_vec()),
        2 => Offer::decode(&bytes).ok().map(|offer| offer.encode()),
        3 => Request::decode(&bytes).ok().map(|one| one.encode().expect("what was read")),
        4 => OwnOffer::from_bytes(&bytes).ok().map(|one| one.to_bytes().as_bytes().to_vec()),
        5 => OwnRequest::from_bytes(&bytes).ok().map(|one| one.to_bytes().as_bytes().to_vec()),
        _ => {
            let payload = Payload::decode_with_chunk(&bytes).ok();
            payload.and_then(|(payload, chunk)| {
                // The parser is laxer about numbers than whoever writes.
                let body = payload.body.encode().ok()?;
                let fill = |_: usize, out: &mut Vec<u8>| out.extend_from_slice(chunk);
                let again = Payload::encode_with_chunk(payload.sequence, &body, fill);
                Some(again.expect("a chunk that had room").to_vec())
            })
        }
    };
    if let Some(again) = &again {
        assert_eq!(*again, bytes, "form {form}");
    }
    // Nobody's own card is a partner's.
    if form == 0 && again.is_some() {
        let own = made().card.public();
        let shared = bytes[1..].chunks(32).zip(own.encode()[1..].chunks(32)).any(|(a, b)| a == b);
        assert!(!shared || Card::decode_peer(&bytes, own).is_err());
    }
    usize::from(again.is_some())
}

/// The cells of a stream: frames that were cut, changed, and cells of the input's own, to who knows the other end and
/// to who doesn't. What comes whole was announced, and its length was allowed.
pub fn cells(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let stranger = input.byte() & 1 == 0;
    let mut frames =
        if stranger { Assembler::with_limit(MAX_STRANGER_FRAME) } else { Assembler::new() };
    let kinds = [
        FrameKind::Pairing,
        FrameKind::Link,
        FrameKind::Packet,
        FrameKind::KeepAlive,
        FrameKind::Repair,
        FrameKind::Request,
    ];
    let (mut came, mut pushed) = (0, 0);
    while !input.is_over() && pushed < CELLS {
        let what = input.byte();
        let mut cells: Vec<[u8; CELL_LEN]> = if what & 0x80 == 0 {
            let kind = kinds[usize::from(what & 0x07) % kinds.len()];
            let length = if kind == FrameKind::KeepAlive { 0 } else { input.number().max(1) };
            cut(kind, &vec![what; length]).map(|cells| cells.collect()).unwrap_or_default()
        } else {
            let mut cell = [0; CELL_LEN];
            cell.iter_mut().zip(input.bytes(CELL_LEN)).for_each(|(to, from)| *to = *from);
            vec![cell]
        };
        if what & 0x40 != 0 {
            let (place, by) = (input.number(), input.byte());
            let at = place % cells.len().max(1);
            if let Some(byte) = cells.get_mut(at).map(|cell| &mut cell[place % CELL_LEN]) {
                *byte ^= by;
            }
        }
        for cell in &cells {
            pushed += 1;
            if let Ok(Some(frame)) = frames.push(cell) {
                assert!(!stranger || frame.bytes.len() <= MAX_STRANGER_FRAME);
                let again = cut(frame.kind, &frame.bytes).expect("a frame that was cut");
                // One way to cut it: the last cell is the one that completed it.
                assert_eq!(again.last().as_ref(), Some(cell));
                came += 1;
            }
        }
    }
    came
}

fn exporters() -> Exporters {
    Exporters { sid: [3; 32], binding: [4; 32] }
}

/// Takes the frames of two machines back and forth, each perhaps changed as the input says, until one has refused or both
/// are done.
fn carry<A, B>(
    input: &mut Input<'_>,
    first: Vec<u8>,
    mut one: impl FnMut(&[u8]) -> Result<Progress<A>, PairingError>,
    mut other: impl FnMut(&[u8]) -> Result<Progress<B>, PairingError>,
) -> (Option<A>, Option<B>, bool) {
    let (mut frame, mut untouched) = (first, true);
    let (mut ours, mut theirs) = (None, None);
    for _ in 0..8 {
        let before = frame.clone();
        input.edit(&mut frame);
        untouched &= frame == before;
        let Ok(progress) = other(&frame) else { break };
        theirs = Some(progress.stage);
        let Some(mut answer) = progress.send else { break };
        let before = answer.clone();
        input.edit(&mut answer);
        untouched &= answer == before;
        let Ok(progress) = one(&answer) else { break };
        ours = Some(progress.stage);
        let Some(next) = progress.send else { break };
        frame = next;
    }
    (ours, theirs, untouched)
}

/// A pairing by code, or an acceptance, over a carrier that changes frames: both ends have the same contact, or neither
/// has one; and who has one, only if nothing that counts was changed.
pub fn pairings(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let (rng, rng2) = (&mut rng(2), &mut rng(5));
    let (one, two, untouched) = if input.byte() & 1 == 0 {
        let code = Code::parse("93-anchor-basket-cabin").expect("a code");
        let address = OnionAddress([9; 32]);
        let password = code.password();
        let mut host = Host::new(&password, "local", &address, &exporters());
        let (mut guest, first) = Guest::new(&password, "local", &address, &exporters(), rng);
        let (ours, theirs, untouched) =
            carry(input, first, |frame| guest.handle(frame, rng), |frame| host.handle(frame, rng2));
        let ours = match ours {
            Some(GuestStage::Paired(paired)) => Some(paired),
            _ => None,
        };
        let theirs = match theirs {
            Some(HostStage::Paired(paired)) => Some(paired),
            _ => None,
        };
        (ours, theirs, untouched)
    } else {
        let Made { offer, request, .. } = made();
        let said = &made().forms[3];
        let address = OnionSeed::random(rng).address();
        let hash = request_hash("local", &address, &[4; 32], &offer.public().encode(), said);
        let place = request.place().address();
        let asked = Request::decode(said).expect("a good request");
        let (mut accepter, first) =
            Accepter::new(offer, &asked.keys, &hash, "local", &place, &exporters(), rng);
        let public = offer.public();
        let mut asker = Asker::new(request, public.keys(), &hash, "local", &exporters());
        let (ours, theirs, untouched) = carry(
            input,
            first,
            |frame| accepter.handle(frame, rng),
            |frame| asker.handle(frame, rng2),
        );
        let paired = |stage| match stage {
            Some(AcceptanceStage::Paired(paired)) => Some(paired),
            _ => None,
        };
        (paired(ours), paired(theirs), untouched)
    };
    assert_eq!(untouched, one.is_some(), "whoever dialled has a contact if nothing was changed");
    // The last frame may be lost on its way: then the other end alone has one.
    assert!(one.is_none() || two.is_some());
    if let (Some(one), Some(two)) = (&one, &two) {
        assert!(one.transcript.hash() == two.transcript.hash());
        assert!(one.peer == *two.own.public() && two.peer == *one.own.public());
    }
    usize::from(one.is_some())
}
