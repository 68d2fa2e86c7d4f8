//! What a stack of this checkout's environment has as S3, as results keep it.

use super::choice::Choice;
use super::ports::remembered;
use super::s3_backend::S3Backend;
use super::s3_tls::S3Tls;
use crate::project::Project;

/// What answers S3's requests of a stack with this endpoint, and how it is reached, such as `model, TLS on`; none if the stack
/// is not in the environment of this checkout.
pub fn s3_in_use(project: &Project, endpoint: Option<&str>) -> Option<String> {
    let port = remembered(project, "emulator")?;
    let is_ours = endpoint?.trim_end_matches('/').ends_with(&format!(":{port}"));
    let backend = S3Backend::chosen(project).filter(|_| is_ours)?;
    let tls = S3Tls::chosen(project).filter(|_| backend == S3Backend::Model);
    let tls = tls.map(|tls| format!(", TLS {}", tls.name())).unwrap_or_default();
    Some(format!("{}{tls}", backend.name()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_a_stack_of_this_checkouts_environment_has_its_s3() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project { root: folder.path().to_owned(), state: folder.path().join("state") };
        fs::create_dir(&project.state).unwrap();
        let ours = Some("http://127.0.0.1:23456");
        assert_eq!(s3_in_use(&project, ours), None, "nothing ever started");
        fs::write(project.state.join("ports.json"), r#"{"emulator": 23456}"#).unwrap();
        S3Backend::Model.remember(&project).unwrap();
        S3Tls::Off.remember(&project).unwrap();
        assert_eq!(s3_in_use(&project, ours).as_deref(), Some("model, TLS off"));
        assert_eq!(s3_in_use(&project, Some("http://127.0.0.1:3456")), None);
        assert_eq!(s3_in_use(&project, None), None, "on AWS");
        S3Backend::Emulator.remember(&project).unwrap();
        assert_eq!(s3_in_use(&project, ours).as_deref(), Some("emulator"));
    }
}
