//! A TLS session: from records to what was said in clear.

use model::conn::Speaker;

use crate::replay::tls::cipher::{Clear, HEADER, Opener};
use crate::replay::tls::hello::{Answer, Version, answer, client_random};
use crate::replay::tls::keylog::{Keylog, Label, Random, Secrets};
use crate::replay::tls::messages::Messages;
use crate::replay::tls::records::{Records, Torn};
use crate::replay::tls::suite::Suite;

const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const APPLICATION: u8 = 23;

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const END_OF_EARLY_DATA: u8 = 5;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;

/// How many lost records a hole is bridged over: each costs one try, and 64 of them are 1 MB.
const REACH: u64 = 64;

/// Who hears what was said in clear.
pub(in crate::replay) trait Ear {
    /// `speaker` said these bytes.
    fn clear(&mut self, speaker: Speaker, bytes: &[u8]);
    /// `speaker` said about `length` bytes that cannot be opened.
    fn unopened(&mut self, speaker: Speaker, length: u64);
    /// Work space.
    fn work(&mut self) -> &mut Vec<u8>;
}

/// One session, from its ClientHello on.
///
/// ```text
///            hello            1.2: ChangeCipherSpec
///   Plain ──────────────▶ ─────────────────────────────▶ Application ◀─╮ 1.3: KeyUpdate
///     │    1.3: ServerHello                 1.3: Finished  ▲   ╰───────╯
///     │ ───────────────────────▶ Handshake ────────────────╯
///     │ 1.3, client: early data      ▲
///     ╰──────────▶ Early ────────────╯ EndOfEarlyData, or refused
/// ```
#[derive(Debug)]
pub(in crate::replay) struct Session {
    /// Who said the ClientHello.
    client: Speaker,
    secrets: Option<Secrets>,
    client_random: Random,
    agreed: Option<Agreed>,
    halves: [Half; 2],
}

/// What the ServerHello settled.
#[derive(Clone, Copy, Debug)]
struct Agreed {
    version: Version,
    /// `None`: a suite that cannot be opened here.
    suite: Option<Suite>,
    random: Random,
}

#[derive(Debug, Default)]
struct Half {
    records: Records,
    messages: Messages,
    stage: Stage,
    opener: Option<Opener>,
    /// Whether an unknown number of records was lost before the next.
    adrift: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Plain,
    Early,
    Handshake,
    Application,
}

impl Session {
    /// The session whose ClientHello `client` is about to say.
    pub(in crate::replay) fn new(client: Speaker) -> Session {
        Session { client, secrets: None, client_random: [0; 32], agreed: None, halves: Default::default() }
    }

    /// `speaker` said these bytes of the stream.
    pub(in crate::replay) fn hear(
        &mut self,
        speaker: Speaker,
        bytes: &[u8],
        keys: &Keylog,
        ear: &mut impl Ear,
    ) {
        let side = self.side(speaker);
        self.half(side).records.add(bytes);
        while let Some(range) = self.half(side).records.next() {
            // The record is read where it stands; the rest of the half changes meanwhile.
            let records = std::mem::take(&mut self.half(side).records);
            let known = self.record(side, records.bytes(range.clone()), (keys, records.is_lost()), ear);
            let half = self.half(side);
            half.records = records;
            if known {
                half.records.found();
            } else if half.records.is_lost() {
                let passed = half.records.refuse(range);
                self.unopened(side, passed, ear);
            }
        }
    }

    /// `speaker` said `length` bytes of the stream that the capture lacks.
    pub(in crate::replay) fn miss(&mut self, speaker: Speaker, length: u64, ear: &mut impl Ear) {
        let side = self.side(speaker);
        let half = self.half(side);
        half.messages.forget();
        match half.records.tear(length) {
            None => {}
            Some(Torn::Several) => {
                half.adrift = true;
                self.unopened(side, length, ear);
            }
            Some(Torn::Record(body)) => self.pass(side, body, ear),
        }
    }

    /// Passes over a record whose body nobody can open.
    fn pass(&mut self, side: usize, body: usize, ear: &mut impl Ear) {
        let half = self.half(side);
        let content = half.opener.as_ref().map_or(body, |opener| opener.content(body));
        // Before that, it is early data that the server refused: it has no number.
        if half.stage == Stage::Application {
            half.opener.iter_mut().for_each(Opener::skip);
        }
        self.unopened(side, content as u64, ear);
    }

    /// Tells of content that cannot be opened, in a session that can.
    fn unopened(&mut self, side: usize, length: u64, ear: &mut impl Ear) {
        if self.secrets.is_some() && self.half(side).stage != Stage::Plain {
            ear.unopened(self.speaker(side), length);
        }
    }

    /// Reads one record; false when it may be none.
    fn record(
        &mut self,
        side: usize,
        record: &[u8],
        (keys, lost): (&Keylog, bool),
        ear: &mut impl Ear,
    ) -> bool {
        let (kind, body) = (record.first().copied().unwrap_or(0), record.get(HEADER..).unwrap_or_default());
        match (self.half(side).stage, kind) {
            (Stage::Plain, HANDSHAKE) => self.handshake(side, body, keys),
            (Stage::Plain, CHANGE_CIPHER_SPEC) => self.change_cipher(side),
            (Stage::Plain, APPLICATION) if self.is_old() => {
                // The ChangeCipherSpec was lost, and with it the count of what followed.
                self.change_cipher(side);
                self.half(side).adrift = true;
                return self.sealed(side, record, (keys, lost), ear);
            }
            (Stage::Plain, APPLICATION) => return self.early(side, record, ear),
            (Stage::Plain, _) => {}
            // TLS 1.3 sends it for the eyes of old machines between the two.
            (_, CHANGE_CIPHER_SPEC) if !self.is_old() => {}
            _ => return self.sealed(side, record, (keys, lost), ear),
        }
        true
    }

    fn sealed(
        &mut self,
        side: usize,
        record: &[u8],
        (keys, lost): (&Keylog, bool),
        ear: &mut impl Ear,
    ) -> bool {
        let speaker = self.speaker(side);
        let mut work = std::mem::take(ear.work());
        let adrift = self.half(side).adrift;
        let opened = self.open(side, record, if adrift { REACH } else { 0 }, &mut work);
        let known = opened.is_some();
        self.half(side).adrift &= !known;
        match opened {
            Some(Clear { kind: APPLICATION, bytes }) => ear.clear(speaker, bytes),
            Some(Clear { kind: HANDSHAKE, bytes }) => self.handshake(side, bytes, keys),
            Some(Clear { kind: CHANGE_CIPHER_SPEC, .. }) => self.change_cipher(side),
            Some(_) => {}
            None if !lost && record.first() == Some(&APPLICATION) => {
                self.pass(side, record.len() - HEADER, ear);
            }
            None => {}
        }
        *ear.work() = work;
        known
    }

    /// Opens a record with the keys of now or, failing that, with those of the next stage.
    fn open<'a>(
        &mut self,
        side: usize,
        record: &[u8],
        reach: u64,
        work: &'a mut Vec<u8>,
    ) -> Option<Clear<'a>> {
        let next = match self.half(side).stage {
            Stage::Early => Some(Stage::Handshake),
            Stage::Handshake => Some(Stage::Application),
            Stage::Plain | Stage::Application => None,
        };
        let half = self.half(side);
        let works = |opener: &mut Opener, work: &mut Vec<u8>| {
            opener.open(record, reach, work).map(|clear| (clear.kind, clear.bytes.len()))
        };
        let mut opened = half.opener.as_mut().and_then(|opener| works(opener, work));
        if let (None, Some(next)) = (opened, next)
            && let Some(mut opener) = self.opener(side, next)
        {
            opened = works(&mut opener, work);
            if opened.is_some() {
                self.enter(side, next, Some(opener));
            }
        }
        let (kind, length) = opened?;
        Some(Clear { kind, bytes: work.get(..length)? })
    }

    /// Early data, sealed before the server has named a suite (RFC 8446, section 4.2.10).
    fn early(&mut self, side: usize, record: &[u8], ear: &mut impl Ear) -> bool {
        let Some(secret) = self.secrets.as_ref().and_then(|secrets| secrets.find(Label::ClientEarly)) else {
            return false;
        };
        let openers = Suite::of_early(secret).iter().filter_map(|suite| Opener::of_secret(*suite, secret));
        let mut work = std::mem::take(ear.work());
        let mut found = None;
        for mut opener in openers {
            if let Some(Clear { kind: APPLICATION, bytes }) = opener.open(record, 0, &mut work) {
                ear.clear(self.client, bytes);
                found = Some(opener);
                break;
            }
        }
        *ear.work() = work;
        let known = found.is_some();
        if known {
            self.enter(side, Stage::Early, found);
        }
        known
    }

    fn handshake(&mut self, side: usize, content: &[u8], keys: &Keylog) {
        self.half(side).messages.add(content);
        while let Some((kind, body)) = self.half(side).messages.next() {
            match (kind, self.half(side).stage) {
                (CLIENT_HELLO, _) => self.client_hello(&body, keys),
                (SERVER_HELLO, _) => self.server_hello(&body),
                (END_OF_EARLY_DATA, Stage::Early) => self.advance(side, Stage::Handshake),
                (FINISHED, Stage::Handshake) => self.advance(side, Stage::Application),
                (KEY_UPDATE, Stage::Application) => {
                    let half = self.half(side);
                    half.opener = half.opener.as_ref().and_then(Opener::updated);
                }
                _ => {}
            }
        }
    }

    fn client_hello(&mut self, body: &[u8], keys: &Keylog) {
        if let Some(random) = client_random(body) {
            self.client_random = random;
            self.secrets = keys.secrets(&random).cloned();
        }
    }

    fn server_hello(&mut self, body: &[u8]) {
        let Some(Answer::Hello { version, suite, random }) = answer(body) else { return };
        self.agreed = Some(Agreed { version, suite: Suite::of(suite), random });
        if version == Version::New {
            self.advance(1, Stage::Handshake);
            if self.half(0).stage == Stage::Plain {
                self.advance(0, Stage::Handshake);
            }
        }
    }

    /// TLS 1.2: what follows from this side is sealed.
    fn change_cipher(&mut self, side: usize) {
        if self.is_old() {
            self.advance(side, Stage::Application);
        }
    }

    fn advance(&mut self, side: usize, stage: Stage) {
        let opener = self.opener(side, stage);
        self.enter(side, stage, opener);
    }

    fn enter(&mut self, side: usize, stage: Stage, opener: Option<Opener>) {
        let half = self.half(side);
        half.stage = stage;
        half.opener = opener;
    }

    /// The opener of a side's stage, where its secret is known.
    fn opener(&self, side: usize, stage: Stage) -> Option<Opener> {
        let (agreed, secrets) = (self.agreed?, self.secrets.as_ref()?);
        let suite = agreed.suite?;
        if agreed.version == Version::Old {
            let master = secrets.find(Label::Master)?;
            let both = Opener::of_master(suite, master, (&self.client_random, &agreed.random))?;
            return both.into_iter().nth(side);
        }
        let label = match (stage, side) {
            (Stage::Plain | Stage::Early, _) => return None,
            (Stage::Handshake, 0) => Label::ClientHandshake,
            (Stage::Handshake, _) => Label::ServerHandshake,
            (Stage::Application, 0) => Label::ClientApplication,
            (Stage::Application, _) => Label::ServerApplication,
        };
        Opener::of_secret(suite, secrets.find(label)?)
    }

    fn is_old(&self) -> bool {
        self.agreed.is_some_and(|agreed| agreed.version == Version::Old)
    }

    fn side(&self, speaker: Speaker) -> usize {
        usize::from(speaker != self.client)
    }

    fn speaker(&self, side: usize) -> Speaker {
        if side == 0 { self.client } else { self.client.other() }
    }

    fn half(&mut self, side: usize) -> &mut Half {
        let [client, server] = &mut self.halves;
        if side == 0 { client } else { server }
    }
}
