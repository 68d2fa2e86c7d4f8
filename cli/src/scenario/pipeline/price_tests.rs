use super::*;

fn usage() -> Usage {
    Usage {
        rows: 36_000,
        architecture: "arm64".to_owned(),
        memory_mb: 512,
        billed: Some(Billed { invocations: 36_720, ms: 200_000.0, ..Billed::default() }),
        requests: 36_000,
        puts: 36_000,
        writes: 36_000,
        id_bytes: 33,
        message_bytes: 100,
        shards: 1,
        seconds: 180.0,
        data_api_batches: None,
        acu_hours: None,
    }
}

fn assert_close(got: Option<f64>, want: f64) {
    assert!(got.is_some_and(|got| (got - want).abs() < 1e-9), "{got:?} is not {want}");
}

#[test]
fn each_part_of_the_way_has_its_price() {
    let price = usage().price();
    assert_close(price.api_usd, 1.0);
    assert_close(price.compute_usd, 100.0 * 0.000_013_333_4 / 0.036);
    assert_close(price.lambda_requests_usd, 0.2 * 1.02);
    // 180 s of a shard that 36,000 messages share.
    assert_close(price.stream_time_usd, 0.05 * 0.015 / 0.036);
    assert_close(price.stream_data_usd, 0.014);
    assert_close(price.table_usd, 0.625);
    let parts = [price.compute_usd, price.lambda_requests_usd, price.stream_time_usd];
    let sum: f64 = parts.into_iter().flatten().sum::<f64>() + 1.0 + 0.014 + 0.625;
    assert_close(price.per_million_usd, sum);
    assert_eq!((price.data_api_usd, price.per_million_with_aurora_usd), (None, None));
}

#[test]
fn large_messages_take_more_units() {
    let price = Usage { message_bytes: 26_000, ..usage() }.price();
    assert_close(price.stream_data_usd, 2.0 * 0.014);
    assert_close(price.table_usd, 26.0 * 0.625);
}

#[test]
fn an_item_that_just_exceeds_a_kilobyte_takes_two_units() {
    let fits = Usage { message_bytes: 1024 - 33 - 46 - 36, ..usage() };
    assert_eq!(fits.write_units(), 1);
    assert_eq!(Usage { message_bytes: fits.message_bytes + 1, ..fits }.write_units(), 2);
}

#[test]
fn an_on_demand_stream_is_charged_by_the_hour_and_by_what_goes_in_and_out() {
    let price = Usage { shards: 0, ..usage() }.price();
    assert_close(price.stream_time_usd, 0.05 * 0.04 / 0.036);
    let gb = 1e6 / (1024.0 * 1024.0 * 1024.0);
    assert_close(price.stream_data_usd, 1024.0 * gb * 0.08 + 238.0 * gb * 0.04);
}

#[test]
fn the_data_api_is_asked_twice_a_batch_and_more_often_for_more_data() {
    let usage = Usage { data_api_batches: Some(360), ..usage() };
    assert_eq!(usage.data_api_requests(360), 720);
    assert_close(usage.price().data_api_usd, 720.0 * 0.35 / 36_000.0);
    let large = Usage { message_bytes: 1000, ..usage };
    assert_eq!(large.data_api_requests(360), 360 * 5, "100 rows are 117 KB");
}

#[test]
fn duplicates_are_paid_for_as_well() {
    let price = Usage { writes: 72_000, ..usage() }.price();
    assert_close(price.table_usd, 2.0 * 0.625);
}

#[test]
fn without_the_billed_time_there_is_no_price_rather_than_a_low_one() {
    let price = Usage { billed: None, acu_hours: Some(1.0), ..usage() }.price();
    assert_eq!((price.per_million_usd, price.per_million_with_aurora_usd), (None, None));
    assert_eq!(Usage { rows: 0, ..usage() }.price(), DeliveryPrice::default());
}

#[test]
fn aurora_is_a_part_of_its_own() {
    let price = Usage { acu_hours: Some(0.3), ..usage() }.price();
    assert_close(price.aurora_usd, 1.0);
    assert_close(price.per_million_with_aurora_usd, price.per_million_usd.unwrap() + 1.0);
}

#[test]
fn only_prices_that_were_used_are_quoted() {
    let units = |usage: &Usage| -> Vec<&str> {
        usage.quoted(&usage.price()).iter().map(|price| price.unit).collect()
    };
    let provisioned = units(&usage());
    assert!(provisioned.contains(&"PUT payload unit of 25 KB"), "{provisioned:?}");
    assert!(!provisioned.iter().any(|unit| unit.contains("on-demand stream")), "{provisioned:?}");
    let on_demand = units(&Usage { shards: 0, ..usage() });
    assert_eq!(on_demand.iter().filter(|unit| unit.contains("on-demand stream")).count(), 3);
}
