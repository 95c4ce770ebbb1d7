//! Many connections to one database: each change sees the one before it, and none is lost.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::convert::Infallible;

use undertone_store::key::{Cost, Protection};
use undertone_store::sessions::Sessions;

const USERS: u32 = 6;
const CHANGES: u32 = 40;

fn count(state: &[u8]) -> u32 {
    u32::from_be_bytes(state.try_into().unwrap())
}

#[test]
fn no_change_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ratchet.db");
    let mut sessions = Sessions::create(&path, &Protection::Nothing, Cost::FLOOR).unwrap();
    sessions.add("bob", 0, |_| Ok::<_, Infallible>(vec![0; 4].into())).unwrap();
    let mut seen: Vec<u32> = std::thread::scope(|scope| {
        let user = || {
            // Each opens it anew for each change, as short-lived processes do, or stays.
            let mut stays = Sessions::open(&path, &Protection::Nothing).unwrap();
            let mut seen = Vec::new();
            for number in 0..CHANGES {
                let mut fresh = None;
                let sessions = if number % 2 == 0 {
                    &mut stays
                } else {
                    fresh.insert(Sessions::open(&path, &Protection::Nothing).unwrap())
                };
                let changed = sessions.change("bob", |turn| {
                    let next = count(&turn.record.state) + 1;
                    turn.record.state = next.to_be_bytes().to_vec().into();
                    Ok::<_, Infallible>(next)
                });
                seen.push(changed.unwrap());
            }
            seen
        };
        let users: Vec<_> = (0..USERS).map(|_| scope.spawn(user)).collect();
        users.into_iter().flat_map(|user| user.join().unwrap()).collect()
    });
    seen.sort_unstable();
    assert!(seen.into_iter().eq(1..=USERS * CHANGES), "a state was seen twice");
    let end = sessions.get::<Infallible>("bob").unwrap();
    assert_eq!(count(&end.state), USERS * CHANGES);
}
