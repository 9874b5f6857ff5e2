//! Programs of Go, built by Debian's compiler and by a current one.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::clients::Wheel;
use super::ground::{Ground, program_path};
use super::process::run;

/// A compiler of Go.
pub(crate) struct Go {
    /// The version that it says its programs are built by.
    pub(crate) version: &'static str,
    compiler: PathBuf,
}

impl Go {
    /// Debian's; the test's ground was asked for `go`.
    pub(crate) fn of_debian() -> Go {
        Go { version: "Go 1.", compiler: program_path("go").unwrap() }
    }

    /// The one that `.ci/wheels` has fetched; `None` when it has not, which was then said.
    pub(crate) fn current(test: &str) -> Option<Go> {
        let wheel = Wheel::of(test, "go")?;
        Some(Go { version: "Go 1.27", compiler: wheel.file("go/bin/go") })
    }

    /// Builds `programs/talk.go` with these words more, in the ground's folder.
    pub(crate) fn build(&self, ground: &Ground, words: &[&str]) -> PathBuf {
        let program = ground.folder.path().join("talk");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/programs/talk.go");
        let mut go = Command::new(&self.compiler);
        go.args(["build", "-o"]).arg(&program).args(words).arg(source);
        // What was compiled once stays, beside what cargo builds; nothing is fetched.
        go.env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go").join(self.version));
        go.envs([("GOTOOLCHAIN", "local"), ("GOPROXY", "off"), ("GOFLAGS", "")]);
        // C's linker comes with what is asked for by name.
        go.env("CGO_ENABLED", if words.concat().contains("external") { "1" } else { "0" });
        run(&mut go);
        program
    }
}
