//! Rules for the crates' manifests.

use toml::{Table, Value};

use super::{File, Finding};

/// The tables of a manifest that name other crates.
const DEPENDENCIES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files.iter().filter(|file| file.path.ends_with("/Cargo.toml")).flat_map(of_file).collect()
}

fn of_file(file: &File) -> Vec<Finding> {
    let manifest: Table = match file.text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Finding::whole(&file.path, format!("isn't TOML: {error}"))],
    };
    // A workspace of its own, as the fuzz targets are, can't inherit anything.
    if manifest.contains_key("workspace") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if manifest.get("lints").is_none_or(|lints| !inherits(lints)) {
        let what = "has lints of its own: write `[lints]` and `workspace = true`";
        findings.push(Finding::whole(&file.path, what));
    }
    for name in foreign_versions(&manifest) {
        let what = format!(
            "{name} has a version of its own: versions and features of all crates stand in the root's \
             [workspace.dependencies], write `{name}.workspace = true`"
        );
        findings.push(Finding::whole(&file.path, what));
    }
    findings
}

fn inherits(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// Dependencies that don't take their version from the workspace, also those for one platform.
fn foreign_versions(manifest: &Table) -> Vec<String> {
    let platforms = manifest.get("target").and_then(Value::as_table);
    let platforms = platforms.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(platforms)
        .flat_map(|table| DEPENDENCIES.iter().filter_map(|name| table.get(*name)?.as_table()))
        .flatten()
        .filter(|(_, dependency)| !inherits(dependency))
        .map(|(name, _)| name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const GOOD: &str = "
[lints]
workspace = true

[dependencies]
serde.workspace = true
tokio = { workspace = true, features = [\"sync\"] }
";

    fn found(text: &str) -> Vec<Finding> {
        check(&[file("crates/x/Cargo.toml", text)])
    }

    #[test]
    fn a_good_manifest_has_no_finding() {
        assert_eq!(found(GOOD), []);
    }

    #[test]
    fn missing_lints_are_found() {
        assert_eq!(found(&GOOD.replace("[lints]\nworkspace = true", "")).len(), 1);
        assert_eq!(found(&GOOD.replace("workspace = true\n\n", "workspace = false\n\n")).len(), 1);
    }

    #[test]
    fn a_version_outside_the_workspace_is_found_wherever_it_stands() {
        for planted in [
            "rand = \"1\"",
            "rand = { version = \"1\" }",
            "rand.path = \"../rand\"",
            "[dependencies.rand]\nversion = \"1\"",
            "[dev-dependencies]\nrand = \"1\"",
            "[build-dependencies]\nrand = \"1\"",
            "[target.'cfg(unix)'.dependencies]\nrand = \"1\"",
        ] {
            let findings = found(&format!("{GOOD}{planted}\n"));
            assert_eq!(findings.len(), 1, "{planted}");
            assert!(findings[0].to_string().contains("rand has a version of its own"));
        }
    }

    #[test]
    fn a_workspace_of_its_own_inherits_nothing() {
        assert_eq!(found("[workspace]\n\n[dependencies]\nrand = \"1\"\n"), []);
    }

    #[test]
    fn what_is_no_toml_is_found() {
        assert_eq!(found("[").len(), 1);
    }
}
