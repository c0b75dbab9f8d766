import { ledgerContract, unreachableLedgerContract } from "./contract.ts";
import { startDynalite } from "./start-dynalite.ts";

ledgerContract("dynalite", startDynalite);
unreachableLedgerContract();
