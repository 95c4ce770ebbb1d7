//! Cards, messages, files, fingerprints: what two people do with the tool, and what they are told
//! when something is wrong.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use support::{Person, meet, pair};
use undertone_tools::Kind;

/// Pseudo-random, so that nothing can be compressed or repeat.
fn bytes(length: usize) -> Vec<u8> {
    let mut x = 0x2545_f491_u32;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        x as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn mail_by_hand_under_passphrases() {
    let ana = Person::with_passphrase("the one of ana");
    let ben = Person::with_passphrase("the one of ben");
    meet(&ana, &ben);
    let mail = ana.run(&["encrypt", "ben", "--armor"], "Gr\u{fc}\u{df}e\n".as_bytes()).unwrap();
    let mail = format!("Hello,\r\n\r\n{}\r\nAna", String::from_utf8(mail).unwrap());
    let text = ben.run(&["decrypt", "ana"], mail.as_bytes()).unwrap();
    assert_eq!(text, "Gr\u{fc}\u{df}e\n".as_bytes());
    let again = ben.run(&["decrypt", "ana"], mail.as_bytes()).unwrap_err();
    assert_eq!(again.kind, Kind::CheckFailed);
    assert!(again.message.contains("read already"), "{again}");
}

#[test]
fn either_may_write_first_and_out_of_order() {
    let (ana, ben) = pair();
    let from_ben = ben.run(&["encrypt", "ana"], b"from ben").unwrap();
    let packets: Vec<_> = (0..5_u8).map(|i| ana.run(&["encrypt", "ben"], &[i]).unwrap()).collect();
    for i in [3, 0, 4, 1, 2] {
        let text = ben.run(&["decrypt", "ana"], &packets[usize::from(i)]).unwrap();
        assert_eq!(text, [i]);
    }
    assert_eq!(ana.run(&["decrypt", "ben"], &from_ben).unwrap(), b"from ben");
}

/// Without fresh keys from both sides, which ride along, no more than 1,000 are sealed.
#[test]
fn more_than_a_thousand_mails_go_to_and_fro() {
    let (ana, ben) = pair();
    for number in 0..510_u32 {
        let text = number.to_be_bytes();
        let there = ana.run(&["encrypt", "ben"], &text).unwrap();
        assert_eq!(ben.run(&["decrypt", "ana"], &there).unwrap(), text);
        let back = ben.run(&["encrypt", "ana"], &text).unwrap();
        assert_eq!(ana.run(&["decrypt", "ben"], &back).unwrap(), text);
    }
}

/// Around the lengths where a message becomes a stream, and where chunks end.
#[test]
fn files_of_every_length_arrive_whole() {
    let (ana, ben) = pair();
    let chunk = 65_536;
    for length in [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 2 * chunk + 1, 1_000_000] {
        let file = bytes(length);
        for armor in [&["encrypt", "ben"][..], &["encrypt", "ben", "--armor"]] {
            let sealed = ana.run(armor, &file).unwrap();
            assert!(ben.run(&["decrypt", "ana"], &sealed).unwrap() == file, "{length}");
        }
    }
}

#[test]
fn what_is_cut_off_or_changed_is_told_and_can_be_tried_again() {
    let (ana, ben) = pair();
    let file = bytes(200_000);
    let sealed = ana.run(&["encrypt", "ben"], &file).unwrap();
    let told = |input: &[u8]| ben.run(&["decrypt", "ana"], input).unwrap_err();
    for length in [0, 5, 16, 18, 20, 100, 300, 65_536, 131_400, sealed.len() - 1] {
        assert_eq!(told(&sealed[..length]).kind, Kind::CheckFailed, "{length}");
    }
    for place in [3, 17, 25, 60, 120, 200, 300, 100_000, sealed.len() - 1] {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert_eq!(told(&changed).kind, Kind::CheckFailed, "{place}");
    }
    assert_eq!(told(&[sealed.as_slice(), b"x"].concat()).kind, Kind::CheckFailed, "longer");
    // The packet at the beginning was read many times by now, but never the whole.
    assert!(ben.run(&["decrypt", "ana"], &sealed).unwrap() == file);
    assert!(told(&sealed).message.contains("read already"));
    let small = ana.run(&["encrypt", "ben"], b"small").unwrap();
    let mut changed = small.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(told(&changed).message.contains("damaged"));
    assert_eq!(ben.run(&["decrypt", "ana"], &small).unwrap(), b"small");
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    use std::os::unix::fs::PermissionsExt as _;
    let (ana, ben) = pair();
    let file = bytes(200_000);
    let sealed = ana.run(&["encrypt", "ben"], &file).unwrap();
    let path = ben.file("out");
    let arguments = ["decrypt", "ana", "--output", path.to_str().unwrap()];
    let before = std::fs::read_dir(ben.folder()).unwrap().count();
    ben.run(&arguments, &sealed[..150_000]).unwrap_err();
    assert_eq!(std::fs::read_dir(ben.folder()).unwrap().count(), before, "no half a file");
    ben.run(&arguments, &sealed).unwrap();
    assert!(std::fs::read(&path).unwrap() == file);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_message_for_somebody_else_is_refused() {
    let (ana, ben) = pair();
    let eve = Person::new();
    let first = ana.text(&["init", "eve"]);
    let third = ana.answer("eve", &eve.answer("ana", &first));
    eve.answer("ana", &third);
    let for_ben = ana.run(&["encrypt", "ben"], b"for ben").unwrap();
    let refused = eve.run(&["decrypt", "ana"], &for_ben).unwrap_err();
    assert_eq!(refused.kind, Kind::CheckFailed);
    let own = ana.run(&["decrypt", "ben"], &for_ben).unwrap_err();
    assert_eq!(own.kind, Kind::CheckFailed, "one's own packet, reflected");
    assert_eq!(ben.run(&["decrypt", "ana"], &for_ben).unwrap(), b"for ben");
}

#[test]
fn a_conversation_that_is_not_ready_says_what_is_missing() {
    let (ana, ben) = (Person::new(), Person::new());
    let first = ana.text(&["init", "ben"]);
    assert_eq!(ana.text(&["init", "ben"]), first, "the same card, as often as it is asked for");
    let early = ana.run(&["encrypt", "ben"], b"x").unwrap_err();
    assert_eq!((early.kind, early.hint.contains("--peer")), (Kind::Usage, true));
    let second = ben.answer("ana", &first);
    assert_eq!(ben.answer("ana", &first), second, "the same answer");
    let third = ana.answer("ben", &second);
    assert_eq!(ana.text(&["init", "ben"]), third, "the last card, while it may be lost");
    // Ana may write before Ben has the last card; he reads it later.
    let sealed = ana.run(&["encrypt", "ben"], b"early").unwrap();
    assert_eq!(ben.run(&["decrypt", "ana"], &sealed).unwrap_err().kind, Kind::Usage);
    ben.answer("ana", &third);
    assert_eq!(ben.run(&["decrypt", "ana"], &sealed).unwrap(), b"early");
    let sealed = ben.run(&["encrypt", "ana"], b"late").unwrap();
    ana.run(&["decrypt", "ben"], &sealed).unwrap();
    assert_eq!(ana.text(&["init", "ben"]), "", "Ben has it: nothing is left to give");
}

#[test]
fn cards_that_do_not_fit_are_refused_and_leave_nothing() {
    let (ana, ben) = (Person::new(), Person::new());
    let card = ana.text(&["init", "ben"]);
    let refused = |person: &Person, name: &str, card: &str| {
        person.run(&["init", name, "--peer", "-"], card.as_bytes()).unwrap_err()
    };
    assert!(refused(&ana, "ben", &card).message.contains("your own"));
    for wrong in ["", "hello", &card[..500], &card.replace("-----END", "-----XND")] {
        assert!(refused(&ben, "ana", wrong).message.contains("no whole card"), "{wrong}");
    }
    assert_eq!(ben.run(&["list"], b"").unwrap_err().kind, Kind::Usage, "not even a database");
    // An answer to a conversation that Ben doesn't have.
    let for_ben = ben.answer("ana", &card);
    let eve = Person::new();
    assert!(refused(&eve, "ben", &for_ben).message.contains("another card"));
    assert_eq!(eve.text(&["list"]), "");
    // The same card for two names.
    assert!(refused(&ben, "ana2", &card).message.contains("same partner"));
    assert_eq!(ben.text(&["list"]).lines().count(), 1);
}

#[test]
fn fingerprints_are_compared() {
    let (ana, ben) = pair();
    let eve = Person::new();
    let first = eve.text(&["init", "ben"]);
    eve.answer("ben", &ben.answer("eve", &first));
    let number = ana.text(&["fingerprint", "ben"]);
    assert_eq!(number, ben.text(&["fingerprint", "ana"]));
    assert!(ben.text(&["list"]).contains("unverified"));
    ben.run(&["fingerprint", "ana", "--compare"], number.replace(' ', "").as_bytes()).unwrap();
    let line = ben.text(&["list"]);
    assert!(line.lines().next().unwrap().contains("  verified"), "{line}");
    let other = eve.text(&["fingerprint", "ben"]);
    let differs = ben.run(&["fingerprint", "ana", "--compare"], other.as_bytes()).unwrap_err();
    assert_eq!(differs.kind, Kind::CheckFailed);
    assert!(ben.text(&["list"]).lines().next().unwrap().contains("unverified"));
    let short =
        ben.run(&["fingerprint", "ana", "--compare"], &number.as_bytes()[..50]).unwrap_err();
    assert_eq!(short.kind, Kind::Usage);
}

#[test]
fn a_conversation_moves_and_is_in_one_place_only() {
    let (ana, ben) = pair();
    let sealed = ana.run(&["encrypt", "ben"], b"before").unwrap();
    let to = ana.file("moved.db");
    let export = ["export", "ben", "--to", to.to_str().unwrap()];
    ana.run(&export, b"").unwrap();
    let gone = ana.run(&["encrypt", "ben"], b"x").unwrap_err();
    assert!(gone.message.contains("moved"), "{gone}");
    assert!(ana.text(&["list"]).contains("moved"));
    assert_eq!(ana.run(&export, b"").unwrap_err().kind, Kind::Usage, "the target is there");

    let new = Person::new();
    for suffix in ["", ".key"] {
        let from = ana.file(&format!("moved.db{suffix}"));
        std::fs::rename(from, new.file(&format!("ratchet.db{suffix}"))).unwrap();
    }
    ben.run(&["decrypt", "ana"], &sealed).unwrap();
    let sealed = new.run(&["encrypt", "ben"], b"after").unwrap();
    assert_eq!(ben.run(&["decrypt", "ana"], &sealed).unwrap(), b"after");
    assert_eq!(new.text(&["fingerprint", "ben"]), ben.text(&["fingerprint", "ana"]));
    ana.run(&["delete", "ben", "--yes"], b"").unwrap();
    assert_eq!(ana.text(&["list"]), "");
    assert_eq!(ana.run(&["delete", "ben", "--yes"], b"").unwrap_err().kind, Kind::Usage);
}

#[test]
fn the_passphrase_changes_and_the_old_one_opens_nothing() {
    let ana = Person::with_passphrase("old");
    ana.text(&["init", "ben"]);
    let new = ana.put("new", b"new\n");
    ana.run(&["passphrase", "--new-file", &new], b"").unwrap();
    let refused = ana.run(&["list"], b"").unwrap_err();
    assert_eq!((refused.kind, refused.message.as_str()), (Kind::Usage, "The passphrase is wrong."));
    let opened = |person: &Person, arguments: &[&str]| {
        let db = person.file("ratchet.db");
        let mut all = vec!["undertone", "--db", db.to_str().unwrap()];
        all.extend(arguments);
        support_run(&all)
    };
    assert_eq!(opened(&ana, &["--passphrase-file", &new, "list"]).unwrap().lines().count(), 1);
    assert!(opened(&ana, &["--no-passphrase", "list"]).is_err());
}

fn support_run(arguments: &[&str]) -> Result<String, undertone_tools::Failure> {
    use clap::Parser as _;
    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        ratchet: undertone_tools::ratchet::Ratchet,
    }
    let (streams, written) = undertone_tools::Streams::in_memory(b"");
    let ratchet = Cli::try_parse_from(arguments).unwrap().ratchet;
    undertone_tools::ratchet::run(ratchet, streams, false).map(|()| written.text())
}

#[test]
fn a_chain_that_nobody_answers_ends_in_words_and_goes_on_with_an_answer() {
    let (ana, ben) = pair();
    let mut last = Vec::new();
    for _ in 0..256 {
        last = ana.run(&["encrypt", "ben"], b"x").unwrap();
    }
    let full = ana.run(&["encrypt", "ben"], b"x").unwrap_err();
    assert_eq!(full.kind, Kind::NotDelivered);
    assert_eq!(ben.run(&["decrypt", "ana"], &last).unwrap(), b"x");
    let answer = ben.run(&["encrypt", "ana"], b"").unwrap();
    ana.run(&["decrypt", "ben"], &answer).unwrap();
    let next = ana.run(&["encrypt", "ben"], b"on").unwrap();
    assert_eq!(ben.run(&["decrypt", "ana"], &next).unwrap(), b"on");
}

/// A reader that dies in the middle loses nothing: the text is kept until it has all been written.
#[test]
fn a_text_whose_reader_goes_away_comes_again() {
    struct Broken(usize);
    impl std::io::Write for Broken {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if self.0 == 0 {
                return Err(std::io::ErrorKind::BrokenPipe.into());
            }
            self.0 -= 1;
            Ok(bytes.len().min(2))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            if self.0 == 0 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }
    let (ana, ben) = pair();
    for (text, room) in
        [(b"four".to_vec(), 0), (b"four".to_vec(), 1), (b"four".to_vec(), 2), (bytes(100_000), 5)]
    {
        let sealed = ana.run(&["encrypt", "ben"], &text).unwrap();
        let (mut streams, _) = undertone_tools::Streams::in_memory(&sealed);
        streams.output = Box::new(Broken(room));
        let failure = ben.run_on(&["decrypt", "ana"], streams).unwrap_err();
        assert_eq!(failure.kind, Kind::Environment, "{failure}");
        assert!(failure.hint.contains("nothing is lost"), "{failure}");
        assert!(ben.run(&["decrypt", "ana"], &sealed).unwrap() == text);
        assert_eq!(ben.run(&["decrypt", "ana"], &sealed).unwrap_err().kind, Kind::CheckFailed);
    }
}
