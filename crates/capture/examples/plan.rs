//! Prints where the functions of TLS libraries stand in their files: the purpose and the offset, one a line.

use std::error::Error;
use std::fs::File;
use std::path::Path;

use capture::libraries::plan::Plan;
use capture::libraries::resolve::{Verdict, resolve, seek};

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1) {
        let path = Path::new(&path);
        let file = File::open(path)?;
        match resolve(&file, path, |_| None)? {
            Verdict::Hook(plan) => print(&plan),
            Verdict::Dark(stack, why) => match seek(&file)? {
                Some(plan) => print(&plan),
                None => eprintln!("{}: {stack} stays dark: {why}", path.display()),
            },
            Verdict::Plain => eprintln!("{}: no TLS", path.display()),
        }
    }
    Ok(())
}

fn print(plan: &Plan) {
    for function in &plan.functions {
        println!("{:?} {}", function.purpose, function.offset);
    }
}
