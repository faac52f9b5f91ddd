/**
 * Public names of Baal 2.1, and the arguments that its users write. Lines with // say where they live.
 */
export const BAAL_NAMES: readonly string[] = `
  // The package
  set_logger_config get_heuristic get_metric
  // Datasets
  ActiveLearningDataset SplittedDataset labelled random_state labelled_map current_al_step
  get_indices_for_active_step n_labelled n_unlabelled is_labelled label label_randomly
  pool ActiveLearningPool pool_specifics make_unlabelled last_active_steps can_label
  check_dataset_can_label get_raw reset_labelled state_dict load_state_dict ActiveIter
  ActiveNumpyArray FileDataset HuggingFaceDatasets active_huggingface_dataset
  // Heuristics
  BALD Entropy Random Margin Certainty Variance Precomputed CombineHeuristics EPIG
  BatchBALD num_samples num_draw StochasticHeuristic PowerSampling GibbsSampling
  RankBasedSampling PowerBALD PowerEntropy temperature AbstractGPUHeuristic BALDGPUWrapper
  AbstractHeuristic reverse reduction shuffle_prop compute_score get_uncertainties
  get_uncertainties_generator get_ranks reorder_indices __call__ to_prob requireprobs
  singlepass require_single_item gather_expand
  // Loop and experiment
  ActiveLearningLoop step get_probabilities query_size max_sample ndata_to_label
  uncertainty_folder ActiveLearningExperiment start trainer al_dataset eval_dataset
  pool_size criterion FrameworkAdapter ModelWrapperAdapter TransformersAdapter
  StoppingCriterion should_stop LabellingBudgetStoppingCriterion
  LowAverageUncertaintyStoppingCriterion EarlyStoppingCriterion
  // Models
  ModelWrapper TrainingArgs optimizer epoch batch_size train_on_dataset test_on_dataset
  train_and_test_on_datasets return_best_weights patience min_epoch_for_es skip_epochs
  predict_on_dataset predict_on_dataset_generator train_on_batch test_on_batch
  predict_on_batch reset_fcs reset_all train eval get_params set_dataset_size
  replicate_in_memory mc_inference half use_cuda workers collate_fn regularizer verbose
  to_cuda EnsembleModelWrapper ensemble_prediction add_checkpoint clear_checkpoints
  // Bayesian modules
  MCDropoutModule patch_module unpatch_module unpatch Dropout Dropout2d
  MCConsistentDropoutModule ConsistentDropout ConsistentDropout2d LRUCacheModule
  MCCachingModule MCDropoutConnectModule WeightDropLinear WeightDropConv2d BayesianModule
  replace_layers_in_module
  // Metrics
  Metrics calculate_result avg standard_dev Loss Accuracy ECE ECE_PerCLs Precision
  ClassificationReport PRAuC MetricMixin add_metric get_metrics active_step
  active_learning_metrics
  // The rest
  DirichletCalibrator calibrate calibrated_model reg_factor mu double_fit
  training_duration BaalTransformersTrainer BaalTrainer BaaLDataModule
  ActiveLightningModule ResetCallback AlternateIterator SemiSupervisedIterator SSLModule
  stack_in_memory map_on_tensor deep_check assert_not_none BaaLTransform BaaLCompose
  GetCanvas PILToLongTensor make_animation_from_data
`
  .replace(/^ *\/\/.*$/gm, '')
  .split(/\s+/)
  .filter((name) => name !== '');
