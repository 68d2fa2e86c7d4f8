//! The RDS Data API: HTTPS requests; AWS pools the connections.

mod response;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_rdsdata::Client;
use aws_sdk_rdsdata::config::retry::RetryConfig;
use aws_sdk_rdsdata::config::timeout::TimeoutConfig;
use aws_sdk_rdsdata::operation::execute_statement::ExecuteStatementOutput;
use aws_sdk_rdsdata::types::{Field, SqlParameter, TypeHint};

use super::statement::name;
use super::{Cell, DbError, Driver, Statement, Value};
use crate::postgres::Cluster;
use crate::{Failure, env};

/// The Data API itself gives up on a statement after 45 s.
const READ_TIMEOUT: Duration = Duration::from_secs(50);
/// How long the rollback of a dropped transaction may take.
const ROLLBACK_TIMEOUT: Duration = Duration::from_millis(300);

/// A cluster's Data API.
#[derive(Debug, Clone)]
pub struct DataApi {
    client: Client,
    cluster: String,
    secret: String,
    database: String,
    transaction: Option<String>,
}

impl DataApi {
    /// From `CLUSTER_ARN` and `SECRET_ARN`. The statement timeout is a setting of the role, which [`migrate`](super::migrate)
    /// makes: a connection of the pool isn't ours to set up.
    ///
    /// # Errors
    /// If a variable is missing.
    pub fn from_env(config: &SdkConfig, cluster: &Cluster) -> Result<Self, Failure> {
        // No retries by the SDK: an error is an answer, and counted.
        let config = aws_sdk_rdsdata::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(5))
                    .read_timeout(READ_TIMEOUT)
                    .build(),
            )
            .build();
        Ok(Self {
            client: Client::from_conf(config),
            cluster: env::setting("CLUSTER_ARN", "the cluster's ARN")?,
            secret: env::setting("SECRET_ARN", "the ARN of the cluster's secret")?,
            database: cluster.database.clone(),
            transaction: None,
        })
    }

    async fn send(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<ExecuteStatementOutput, DbError> {
        let request = self.client.execute_statement().resource_arn(&self.cluster).secret_arn(&self.secret);
        let request = request.database(&self.database).set_transaction_id(self.transaction.clone());
        let request = request.sql(statement.named()).set_parameters(Some(parameters(values)));
        request.send().await.map_err(|error| response::error(&error))
    }

    /// Runs a statement once for each set of parameters, in one request. The Data API doesn't tell which rows it changed.
    ///
    /// # Errors
    /// The database's.
    pub async fn execute_many<'a>(
        &mut self,
        statement: &'static Statement,
        sets: impl IntoIterator<Item = &'a [Value<'a>]>,
    ) -> Result<(), DbError> {
        let sets = sets.into_iter().map(parameters).collect();
        let request = self.client.batch_execute_statement().resource_arn(&self.cluster);
        let request = request.secret_arn(&self.secret).database(&self.database).sql(statement.named());
        let request = request.set_transaction_id(self.transaction.clone()).set_parameter_sets(Some(sets));
        request.send().await.map(|_| ()).map_err(|error| response::error(&error))
    }

    /// Takes the transaction, to end it.
    fn ended(&mut self) -> Result<String, DbError> {
        self.transaction.take().ok_or_else(|| DbError::new("25P01", "there is no transaction"))
    }
}

impl Driver for DataApi {
    async fn connect(&mut self) -> Result<(), DbError> {
        Ok(())
    }

    async fn execute(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<u64, DbError> {
        let answer = self.send(statement, values).await?;
        let changed = u64::try_from(answer.number_of_records_updated()).unwrap_or(0);
        Ok(changed.max(answer.records().len() as u64))
    }

    async fn fetch(
        &mut self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Cell>>, DbError> {
        let answer = self.send(statement, values).await?;
        Ok(answer.records().iter().map(|row| row.iter().map(response::cell).collect()).collect())
    }

    async fn begin(&mut self) -> Result<(), DbError> {
        let request = self.client.begin_transaction().resource_arn(&self.cluster).secret_arn(&self.secret);
        let begun = request.database(&self.database).send().await;
        self.transaction = begun.map_err(|error| response::error(&error))?.transaction_id;
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), DbError> {
        let transaction = self.ended()?;
        let request = self.client.commit_transaction().resource_arn(&self.cluster).secret_arn(&self.secret);
        let ended = request.transaction_id(transaction).send().await;
        ended.map(|_| ()).map_err(|error| response::error(&error))
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        let transaction = self.ended()?;
        let request = self.client.rollback_transaction().resource_arn(&self.cluster).secret_arn(&self.secret);
        let ended = request.transaction_id(transaction).send().await;
        ended.map(|_| ()).map_err(|error| response::error(&error))
    }

    /// Rolls the transaction back: AWS would keep its locks for three minutes. While one of its statements still runs that is
    /// refused; then the limit for idle transactions, which the migration sets, ends it.
    async fn disconnect(&mut self) {
        if self.transaction.is_some() {
            let _ = tokio::time::timeout(ROLLBACK_TIMEOUT, self.rollback()).await;
            self.transaction = None;
        }
    }

    fn opened(&self) -> u64 {
        0
    }
}

fn parameters(values: &[Value<'_>]) -> Vec<SqlParameter> {
    values.iter().enumerate().map(|(index, value)| parameter(index + 1, *value)).collect()
}

fn parameter(number: usize, value: Value<'_>) -> SqlParameter {
    let (value, hint) = match value {
        Value::Int(value) => (Field::LongValue(value), None),
        Value::Real(value) => (Field::DoubleValue(value), None),
        Value::Text(value) => (Field::StringValue(value.to_owned()), None),
        Value::Uuid(value) => (Field::StringValue(value.to_string()), Some(TypeHint::Uuid)),
    };
    SqlParameter::builder().name(name(number)).value(value).set_type_hint(hint).build()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn parameters_are_named_and_typed_as_the_data_api_wants_them() {
        let source = Uuid::from_u128(7);
        let values = [Value::Int(5), Value::Real(1.5), Value::Text("a'b"), Value::Uuid(source)];
        let parameters = parameters(&values);
        let names: Vec<_> = parameters.iter().filter_map(SqlParameter::name).collect();
        assert_eq!(names, ["p1", "p2", "p3", "p4"]);
        let values: Vec<_> = parameters.iter().filter_map(SqlParameter::value).cloned().collect();
        assert_eq!(
            values,
            [
                Field::LongValue(5),
                Field::DoubleValue(1.5),
                Field::StringValue("a'b".to_owned()),
                Field::StringValue("00000000-0000-0000-0000-000000000007".to_owned()),
            ]
        );
        assert_eq!(parameters[3].type_hint(), Some(&TypeHint::Uuid));
    }
}
