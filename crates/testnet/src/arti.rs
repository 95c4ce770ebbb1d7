//! The embedded client's configuration for the network.

use serde_json::json;

use crate::description::Description;
use crate::options::VOTES_PER_TIME_PERIOD;

/// Writes the configuration as TOML, without a `[storage]` part: where a client keeps its state is its own matter.
///
/// JSON strings, numbers and arrays of them are TOML too.
pub(crate) fn toml(network: &Description) -> String {
    let addresses: Vec<[String; 1]> = network
        .authorities
        .iter()
        .map(|authority| [authority.directory_address().to_string()])
        .collect();
    let identities: Vec<&str> =
        network.authorities.iter().map(|authority| authority.v3_identity.as_str()).collect();
    let caches: Vec<String> = network
        .authorities
        .iter()
        .map(|authority| {
            let relay = &authority.relay;
            format!(
                "  {{ rsa_identity = \"{}\", ed_identity = \"{}\", orports = [\"127.0.0.1:{}\"] }},\n",
                relay.fingerprint, relay.ed25519, relay.or_port
            )
        })
        .collect();
    let (caches, addresses, identities) = (caches.concat(), json!(addresses), json!(identities));
    let minutes = VOTES_PER_TIME_PERIOD * u64::from(network.interval) / 60;
    format!(
        "[tor_network]
fallback_caches = [
{caches}]

[tor_network.authorities]
v3idents = {identities}
uploads = {addresses}
downloads = {addresses}
votes = {addresses}

[path_rules]
ipv4_subnet_family_prefix = 33
ipv6_subnet_family_prefix = 129

[address_filter]
allow_local_addrs = true

[override_net_params]
# C tor's value on a testing network: 24 voting intervals, in minutes.
hsdir_interval = {minutes}
# Circuits take milliseconds here. A timeout learned from them would give up every circuit that a busy machine delays.
cbtdisabled = 1
cbtinitialtimeout = 10000
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::tests::example;
    use std::path::Path;

    #[test]
    fn the_configuration_is_toml_and_names_every_authority() {
        let network = example(Path::new("/n"));
        let read: toml::Table = toml(&network).parse().unwrap();
        assert_eq!(read["tor_network"]["fallback_caches"].as_array().unwrap().len(), 2);
        let authorities = &read["tor_network"]["authorities"];
        for list in ["v3idents", "uploads", "downloads", "votes"] {
            assert_eq!(authorities[list].as_array().unwrap().len(), 2, "{list}");
        }
        assert_eq!(authorities["votes"][1][0].as_str().unwrap(), "127.0.0.1:20012");
    }

    #[test]
    fn circuit_timeouts_are_not_learned_and_periods_match_c_tor() {
        let network = example(Path::new("/n"));
        let read: toml::Table = toml(&network).parse().unwrap();
        let parameters = &read["override_net_params"];
        assert_eq!(parameters["cbtdisabled"].as_integer(), Some(1));
        assert_eq!(parameters["hsdir_interval"].as_integer(), Some(24));
        assert!(!read.contains_key("storage"));
    }
}
