//! Texts of others as a terminal may be given them.

/// A text without anything that could move, hide or overwrite what stands beside it: such characters
/// appear as their numbers. Lines after the first are indented, so that none of them looks like a
/// line of the program.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\n    "),
            '\t' => shown.push(' '),
            c if is_deceptive(c) => shown.push_str(&format!("⟨{:04X}⟩", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown
}

fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_act_is_shown_as_its_number() {
        assert_eq!(shown("a\u{1b}[2Jb\r"), "a⟨001B⟩[2Jb⟨000D⟩");
        assert_eq!(shown("exe.\u{202e}gpj"), "exe.⟨202E⟩gpj");
        assert_eq!(shown("one\ntwo\tü ✓"), "one\n    two ü ✓");
    }
}
