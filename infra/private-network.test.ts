import { describe, expect, it } from "vitest";

import { zonesWithEndpoints } from "./private-network";

describe("a network's zones", () => {
  const service = (name: string, ...availabilityZones: string[]) => ({
    serviceName: name,
    availabilityZones,
  });

  it("are those in which all services have endpoints", () => {
    const services = [service("sqs", "b", "c", "d"), service("secretsmanager", "a", "b", "d")];
    expect(zonesWithEndpoints(["a", "b", "c", "d"], services)).toEqual(["b", "d"]);
  });

  it("are refused where there are no two, which Aurora needs", () => {
    expect(() => zonesWithEndpoints(["a", "b"], [service("sqs", "a")])).toThrow(
      "the region does not have two availability zones with endpoints of sqs: choose another region",
    );
  });
});
