//! Ports of the host that nobody has.

use std::net::{Ipv4Addr, TcpListener};

/// A free port.
pub(crate) fn free_port() -> u16 {
    free_ports(1)
}

/// The first of some free ports in a row.
pub(crate) fn free_ports(count: u16) -> u16 {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok();
    let first = || {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("the system has a free port");
        listener.local_addr().expect("it is bound").port()
    };
    let in_a_row = |first: u16| first.checked_add(count - 1).is_some_and(|last| (first..=last).all(is_free));
    std::iter::repeat_with(first).take(100).find(|first| in_a_row(*first)).expect("some free ports in a row")
}
