//! `lambench help`, completions and the manual, as a user meets them.

use assert_cmd::Command;

/// What a command line prints.
fn printed(line: &str) -> String {
    let mut command = Command::cargo_bin("lambench").expect("cargo builds the binary for its tests");
    let output = command.args(line.split(' ')).output().expect("the binary starts");
    assert!(output.status.success(), "{line}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn help_is_a_command_as_well_for_every_command() {
    assert!(printed("help").contains("Exit codes:"));
    assert_eq!(printed("help run splitter"), printed("run splitter --help"));
    assert_eq!(printed("help list"), printed("list --help"));
    assert!(printed("help run splitter").contains("--live"));
}

#[test]
fn shells_complete_commands_scenarios_and_options() {
    for (shell, its_own) in
        [("bash", "complete -F"), ("zsh", "#compdef lambench"), ("fish", "complete -c lambench")]
    {
        let script = printed(&format!("completions {shell}"));
        for expected in [its_own, "s3-read", "concurrency"] {
            assert!(script.contains(expected), "{expected} is missing for {shell}");
        }
    }
}

#[test]
fn bash_takes_the_completions_and_completes() {
    for command in ["run", "list"] {
        let script = format!(
            "source <(cat) && COMP_WORDS=(lambench {command} s3) COMP_CWORD=2 && _lambench lambench s3 {command} && \
             echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash")
            .args(["-c", &script])
            .write_stdin(printed("completions bash"))
            .output()
            .expect("bash starts");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "s3-read", "{command}: {output:?}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let page = printed("man");
    assert!(page.contains(".TH lambench 1") && page.contains("lambench\\-run(1)"), "{page}");
    assert!(page.contains("Examples:\n.nf\n  lambench local start"), "examples keep their lines: {page}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    printed(&format!("man --dir {}", folder.path().join("man1").display()));
    for name in ["lambench.1", "lambench-run-archive.1", "lambench-list.1", "lambench-init-contender.1"] {
        assert!(folder.path().join("man1").join(name).exists(), "{name} is missing");
    }
}
