import { s3Contract } from "./contract.ts";
import { startSimulator } from "./start-simulator.ts";

s3Contract("the simulated S3", startSimulator);
