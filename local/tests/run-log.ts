import { DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";

import type { ClientConfig } from "./clients";

/** An entry of a run log; times are µs since 1970. */
export interface Entry {
  readonly run: string;
  /** Its id, without the digest of what it stands for. */
  readonly item: string;
  readonly queued_us: number | undefined;
  readonly started_us: number | undefined;
  readonly ended_us: number | undefined;
  readonly attempts: number;
}

/** The table in which functions write what happened. */
export class RunLog {
  private readonly client: DynamoDBClient;

  constructor(
    config: ClientConfig,
    private readonly table: string,
  ) {
    this.client = new DynamoDBClient(config);
  }

  /** All entries, those of `run` only if it is given. */
  async entries(run?: string): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const page of paginateScan({ client: this.client }, { TableName: this.table })) {
      for (const item of page.Items ?? []) {
        const number = (name: string): number | undefined => {
          const text = item[name]?.N;
          return text === undefined ? undefined : Number(text);
        };
        entries.push({
          // Behind the run stands the partition that the item's id leads to.
          run: (item.run?.S ?? "").replace(/#\d+$/, ""),
          item: item.item?.S?.split("#")[0] ?? "",
          queued_us: number("queued_us"),
          started_us: number("started_us"),
          ended_us: number("ended_us"),
          attempts: number("attempts") ?? 0,
        });
      }
    }
    return run === undefined ? entries : entries.filter((entry) => entry.run === run);
  }

  /** The run whose event isn't completely split. */
  async beingSplit(): Promise<string | undefined> {
    const split = (entry: Entry): boolean => entry.item === "split" && entry.ended_us === undefined;
    return (await this.entries()).find(split)?.run;
  }

  /** All runs in it. */
  async runs(): Promise<Set<string>> {
    return new Set((await this.entries()).map(({ run }) => run));
  }

  /** How many items of a run are done. */
  async done(run: string): Promise<number> {
    const done = (entry: Entry): boolean => entry.item !== "split" && entry.ended_us !== undefined;
    return (await this.entries(run)).filter(done).length;
  }
}
