import { isOfOtherMedia, type Delivery } from "../client/index.ts";
import type { MediaStore, Medium } from "./media.ts";
import { AGAIN, describeEnd, describeError, OTHER_MEDIUM } from "./problems.ts";

interface WaitForDelivery {
  (options: { jobId: string; onDelivery: (delivery: Delivery) => void }): Promise<Delivery>;
}

/** Follows the deliveries of media to cielo24, until each has ended. */
export const createDeliveries = ({
  media,
  waitForDelivery,
}: {
  media: MediaStore;
  waitForDelivery: WaitForDelivery;
}) => {
  const following = new Set<string>();

  const follow = async (id: string): Promise<void> => {
    const medium = media.get(id);
    if (!medium || following.has(id)) return;
    following.add(id);
    media.change(id, { phase: "delivering", problem: undefined });
    try {
      const delivery = await waitForDelivery({
        jobId: medium.jobId,
        onDelivery: (news) => {
          media.change(id, { delivery: news });
        },
      });
      media.change(id, ended(delivery, medium));
    } catch (error) {
      media.change(id, { problem: describeError(error, AGAIN.delivery) });
    } finally {
      following.delete(id);
    }
  };

  return { follow: (id: string): void => void follow(id) };
};

const ended = (delivery: Delivery, { sizeBytes }: Medium): Partial<Medium> => {
  if (delivery.state !== "DELIVERED") return { phase: "ended", delivery, problem: describeEnd(delivery) };
  // Somebody else's upload for the job was first. Its TaskId is not this medium's.
  if (sizeBytes !== undefined && isOfOtherMedia(delivery, sizeBytes))
    return { phase: "ended", delivery: { ...delivery, taskId: undefined }, problem: OTHER_MEDIUM };
  return { phase: "delivered", delivery, problem: undefined };
};
