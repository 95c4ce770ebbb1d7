//! The network that a run of tests shares is whole, and stays on loopback.

use std::collections::BTreeSet;
use std::fs;

use undertone_testnet::Network;

/// Local addresses of all TCP sockets that listen, as `(address, port)`, from the kernel's table.
fn listeners() -> Vec<(String, u16)> {
    const LISTEN: &str = "0A";
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
        .map(|table| fs::read_to_string(table).unwrap_or_default());
    tables
        .iter()
        .flat_map(|table| table.lines().skip(1))
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (address, port) = words.next()?.split_once(':')?;
            let listens = words.nth(1)? == LISTEN;
            Some((address.to_owned(), u16::from_str_radix(port, 16).ok()?)).filter(|_| listens)
        })
        .collect()
}

#[test]
fn every_port_listens_on_loopback_alone() {
    const LOOPBACK: &str = "0100007F";
    let network = Network::attach_from_env().unwrap();
    let ports: BTreeSet<u16> = network.or_ports().into_iter().collect();
    assert_eq!(ports.len(), network.or_ports().len());
    let ours: Vec<_> = listeners().into_iter().filter(|(_, port)| ports.contains(port)).collect();
    assert_eq!(ours.len(), ports.len(), "{ours:?}");
    for (address, port) in ours {
        assert_eq!(address, LOOPBACK, "port {port}");
    }
}

#[test]
fn every_relay_has_a_consensus_that_lists_them_all() {
    let network = Network::attach_from_env().unwrap();
    let description = network.description();
    assert!(description.authorities.len() >= 3 && description.relays.len() >= 5);
    let named: BTreeSet<_> =
        description.all_relays().map(|relay| relay.nickname.as_str()).collect();
    for authority in &description.authorities {
        let relay = &authority.relay;
        let mut control = network.control(&relay.nickname, relay.control_port).unwrap();
        let statuses = control.get_info("ns/all").unwrap();
        let listed: BTreeSet<_> = statuses
            .lines()
            .filter_map(|line| line.strip_prefix("r ")?.split(' ').next())
            .collect();
        assert_eq!(listed, named, "as {} sees it", relay.nickname);
    }
}

#[test]
fn every_process_knows_its_owner() {
    let network = Network::attach_from_env().unwrap();
    let owner = network.description().owner.to_string();
    for relay in network.description().all_relays() {
        let mut control = network.control(&relay.nickname, relay.control_port).unwrap();
        let reply = control.command("GETCONF __OwningControllerProcess").unwrap();
        assert_eq!(reply.value("__OwningControllerProcess"), Some(owner.as_str()));
    }
}
