import * as pulumi from "@pulumi/pulumi";

/** Ends the program with one line for the user instead of a stack trace. */
export function stop(message: string): never {
  throw new pulumi.RunError(message);
}
