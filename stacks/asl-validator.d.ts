// The package has no types of its own.
declare module "asl-validator" {
  interface Result {
    readonly isValid: boolean;
    readonly errors: readonly object[];
  }

  /** Checks a definition in Amazon States Language by its schema, its paths and its transitions. */
  export default function validate(definition: object): Result;
}
