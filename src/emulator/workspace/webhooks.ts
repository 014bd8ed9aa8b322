import { usualId } from "../api/input.ts";
import { latestVersion, versions } from "../api/versions.ts";
import { validationError } from "../http/errors.ts";
import type { State, Subscription } from "../state/state.ts";
import { eventNames } from "../webhooks/envelope.ts";
import { connectionAt, missing } from "./lookup.ts";
import type { Workspace, WorkspaceTools } from "./workspace.ts";

type WebhookControls = Pick<
  Workspace,
  "addWebhook" | "confirmWebhook" | "resendToken" | "pauseWebhook" | "resumeWebhook" | "removeWebhook"
>;

/** What the Developer portal does: there is no API for it. */
export function webhookControls(state: State, webhooks: WorkspaceTools["webhooks"]): WebhookControls {
  const setState = (id: string, from: Subscription["state"], to: Subscription["state"]): void => {
    const subscription = subscriptionAt(state, id);
    if (subscription.state !== from) {
      throw validationError(`Webhook ${id} is ${subscription.state}, expected ${from}.`);
    }
    subscription.state = to;
  };
  return {
    addWebhook: ({ url, apiVersion = latestVersion, events = [], token }) => {
      const version = versions.find((known) => known === apiVersion);
      if (version === undefined) throw validationError(`Unknown API version ${apiVersion}.`);
      const unknown = events.find((name) => !eventNames(version).includes(name));
      if (unknown !== undefined) {
        throw validationError(`Unknown event ${unknown}. Known: ${eventNames(version).join(", ")}.`);
      }
      if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
        throw validationError(`A webhook needs an absolute URL with http or https, got ${url}.`);
      const subscription: Subscription = {
        id: state.random.uuid(),
        botId: connectionAt(state, token).botId,
        url,
        apiVersion: version,
        events: [...events],
        verificationToken: `secret_emulator_${state.random.token(32)}`,
        state: "pending_verification",
      };
      state.subscriptions.set(subscription.id, subscription);
      webhooks.handshake(subscription);
      return { id: subscription.id, verificationToken: subscription.verificationToken };
    },
    confirmWebhook: (id, verificationToken) => {
      if (subscriptionAt(state, id).verificationToken !== verificationToken)
        throw validationError(`The token is not the one webhook ${id} was sent.`);
      setState(id, "pending_verification", "active");
    },
    resendToken: (id) => webhooks.handshake(subscriptionAt(state, id)),
    pauseWebhook: (id) => setState(id, "active", "paused"),
    resumeWebhook: (id) => setState(id, "paused", "active"),
    removeWebhook: (id) => {
      state.subscriptions.delete(subscriptionAt(state, id).id);
    },
  };
}

function subscriptionAt(state: State, id: string): Subscription {
  const subscription = state.subscriptions.get(usualId(id));
  if (subscription === undefined) throw missing("webhook", id);
  return subscription;
}
