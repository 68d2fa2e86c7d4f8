import type { Scenario } from "../infra/scenario";
import { archive } from "./archive";
import { aurora } from "./aurora";
import { pipeline } from "./pipeline";
import { s3Read } from "./s3-read";
import { splitter } from "./splitter";

/** Every scenario that a stack may name. */
export const scenarios: readonly Scenario[] = [archive, aurora, pipeline, s3Read, splitter];
