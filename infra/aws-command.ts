import * as pulumi from "@pulumi/pulumi";

import type { RustFunction } from "./function";

/**
 * A command line of the AWS CLI as an output, in the region of the resource that it is about.
 * @param arn what the command is about
 * @param words the words of the command, quoted where they need it
 */
export function awsCommand(
  arn: pulumi.Input<string>,
  ...words: readonly pulumi.Input<string>[]
): pulumi.Output<string> {
  return pulumi.all([arn, pulumi.all([...words])]).apply(([about, command]) => {
    const region = about.split(":")[3] ?? "";
    return ["aws", ...command, "--region", region].join(" ");
  });
}

/** A command line that invokes a function and prints its response, without what the AWS CLI says of the invocation. */
export function invokeCommand({ arn, name }: RustFunction, event?: object): pulumi.Output<string> {
  const invoke = awsCommand(arn, "lambda invoke --function-name", name);
  const print = "/dev/fd/3 3>&1 >/dev/null | cat";
  return event === undefined
    ? pulumi.interpolate`${invoke} ${print}`
    : pulumi.interpolate`${withEvent(JSON.stringify(event), invoke)} ${print}`;
}

/** A command line that invokes a function with an event, in a form that versions 1 and 2 of the AWS CLI share. */
export function withEvent(event: string, invoke: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.interpolate`printf '%s' '${event}' | ${invoke} --cli-read-timeout 0 --payload fileb:///dev/stdin`;
}
