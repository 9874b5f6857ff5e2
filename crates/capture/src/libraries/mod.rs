//! TLS libraries: which are mapped by whom, and where their functions stand.

mod boringssl;
pub mod change;
mod decode;
mod elf;
mod given;
mod go;
mod installed;
pub mod mappings;
mod named;
mod nss;
mod openssl;
pub mod plan;
pub mod resolve;
mod ring;
mod rustls;
mod seek;
pub mod sideband;
pub mod watch;
