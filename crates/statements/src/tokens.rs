//! SQL text as tokens: words, names, signs; literals and comments passed over.

/// One token that says something about structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// A keyword or an unquoted name.
    Word(&'a str),
    /// A name in quotes, without them; doubled quotes inside are left as they are.
    Quoted(&'a str),
    /// A sign: `,` `(` `)` `.` `;` and so on.
    Sign(u8),
    /// A string, number or parameter.
    Literal,
}

/// The tokens of one text.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    /// The tokens of `text`. A literal or comment that never ends goes to the end of the text.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        Tokens { text, at: 0 }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// Passes over what stands between two `quote`s (doubled ones are part of it), from behind the first.
    fn quoted(&mut self, quote: u8) -> &'a str {
        let from = self.at;
        loop {
            match self.byte(self.at) {
                None => return self.slice(from, self.at),
                Some(b) if b == quote && self.byte(self.at + 1) == Some(quote) => self.at += 2,
                Some(b) if b == quote => {
                    self.at += 1;
                    return self.slice(from, self.at - 1);
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// Passes over a string with backslash escapes, from behind its first quote.
    fn escaped(&mut self) {
        while let Some(byte) = self.byte(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'\'' if self.byte(self.at + 1) == Some(b'\'') => self.at += 2,
                b'\'' => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
    }

    /// Passes over a `$tag$ ... $tag$` string or a `$1` parameter (PostgreSQL, section 4.1.2.4).
    fn dollar(&mut self) {
        let from = self.at;
        self.at += 1;
        while self.byte(self.at).is_some_and(|b| matches!(class(b), Class::Word | Class::Digit)) {
            self.at += 1;
        }
        if self.byte(self.at) != Some(b'$') {
            return;
        }
        self.at += 1;
        let tag = self.slice(from, self.at);
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.find(tag).map_or(rest.len(), |end| end + tag.len());
    }

    fn comment_line(&mut self) {
        while self.byte(self.at).is_some_and(|b| b != b'\n') {
            self.at += 1;
        }
    }

    /// Passes over a block comment; they nest (SQL:1999, PostgreSQL).
    fn comment_block(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.byte(self.at) {
            match (byte, self.byte(self.at + 1)) {
                (b'/', Some(b'*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
    }

    fn word(&mut self) -> &'a str {
        let from = self.at;
        while self
            .byte(self.at)
            .is_some_and(|b| matches!(class(b), Class::Word | Class::Digit | Class::Dollar))
        {
            self.at += 1;
        }
        self.slice(from, self.at)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let byte = self.byte(self.at)?;
            match class(byte) {
                Class::Blank => self.at += 1,
                Class::Word if matches!(byte, b'E' | b'e') && self.byte(self.at + 1) == Some(b'\'') => {
                    self.at += 2;
                    self.escaped();
                    return Some(Token::Literal);
                }
                Class::Word => return Some(Token::Word(self.word())),
                Class::Digit => {
                    self.word();
                    return Some(Token::Literal);
                }
                Class::Dollar => {
                    self.dollar();
                    return Some(Token::Literal);
                }
                Class::Apostrophe => {
                    self.at += 1;
                    self.quoted(b'\'');
                    return Some(Token::Literal);
                }
                Class::Quote => {
                    self.at += 1;
                    return Some(Token::Quoted(self.quoted(byte)));
                }
                Class::Sign => match (byte, self.byte(self.at + 1)) {
                    (b'-', Some(b'-')) => self.comment_line(),
                    (b'/', Some(b'*')) => self.comment_block(),
                    _ => {
                        self.at += 1;
                        return Some(Token::Sign(byte));
                    }
                },
            }
        }
    }
}

/// What a byte can begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Blank,
    Word,
    Digit,
    Dollar,
    Apostrophe,
    Quote,
    Sign,
}

/// As a table, for every byte of every statement is looked up.
const CLASSES: [Class; 256] = {
    let mut table = [Class::Sign; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = match byte {
            0x09..0x0e | 0x20 => Class::Blank,
            0x22 | 0x60 => Class::Quote,
            0x24 => Class::Dollar,
            0x27 => Class::Apostrophe,
            0x30..0x3a => Class::Digit,
            0x41..0x5b | 0x5f | 0x61..0x7b | 0x80.. => Class::Word,
            _ => Class::Sign,
        };
        byte += 1;
    }
    table
};

fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}
