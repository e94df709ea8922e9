/** Whether somebody has to decide: an app that is left out, or one that means something else now. */
export const needsSomebody = ({ level, app, wayOut }: Finding): boolean =>
  level === 'refused' || (level === 'changed' && app !== undefined && wayOut !== undefined);

/** What a person has to know about one thing of the old file. */
export interface Finding {
  /** `refused`: an app that is not imported. `changed`: it means something else now. `dropped`: it has no equivalent. */
  readonly level: 'refused' | 'changed' | 'dropped';
  /** Undefined for what concerns all apps. */
  readonly app: string | undefined;
  /** 1-based; where it stands in the old file, or what stands for it there. */
  readonly line: number;
  readonly key: string;
  /** What becomes of it and why. Never a secret value. */
  readonly message: string;
  readonly wayOut: string | undefined;
}
