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

/** A command line that prints a function's answer, without what the AWS CLI says of the invocation itself. */
export function answerCommand({ arn, name }: RustFunction): pulumi.Output<string> {
  return pulumi.interpolate`${awsCommand(arn, "lambda invoke --function-name", name)} /dev/fd/3 3>&1 >/dev/null | cat`;
}
