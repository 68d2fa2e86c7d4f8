import { deployStack } from "../infra/program";
import { archive } from "./archive";
import { aurora } from "./aurora";
import { pipeline } from "./pipeline";
import { s3Read } from "./s3-read";
import { splitter } from "./splitter";

export = deployStack([archive, aurora, pipeline, s3Read, splitter]);
